import { expect, test } from "vitest";
import type { PackRecord } from "./database.ts";
import { soundActivation, soundPack } from "./sound-record.ts";

const current = { digest: "ab", dtype: "fp32" } as const;
const sound = {
  current,
  isProven: true,
  lastGood: current,
  refused: [{ digest: "cd", runtime: "" }],
};

test("an activation that nothing happened to is what it was", () => {
  expect(soundActivation(sound)).toEqual(sound);
});

test.each([
  undefined,
  null,
  7,
  "fp32",
  [],
  {},
  { ...sound, current: { digest: 7, dtype: "fp32" } },
])("an activation that names no pack is none: %j", (stored) => {
  expect(soundActivation(stored)).toBeUndefined();
});

test("what else of an activation is damaged counts as never said", () => {
  const damaged = { current, isProven: "yes", lastGood: 7, refused: [7] };
  expect(soundActivation(damaged)).toEqual({ current, isProven: false, refused: [] });
});

test("a pack's record keeps what is sound, and has something of the right type for the rest", () => {
  const record = { digest: "ab", name: "tiny", dtypes: 7, usedAt: Number.NaN, installedAt: 5 };
  expect(soundPack(record as unknown as PackRecord)).toEqual({
    digest: "ab",
    registry: "",
    name: "tiny",
    version: "",
    manifest: "",
    dtypes: [],
    installedAt: 5,
    usedAt: 0,
  });
});

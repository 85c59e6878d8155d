import { expect, test } from "vitest";
import { type ImageSubject, imageKey } from "./image-key.ts";

const SUBJECT: ImageSubject = {
  wasm: "aa".repeat(32),
  glue: "bb".repeat(32),
  pack: "cc".repeat(32),
  dtype: "fp32",
  settings: { backend: "wasm", prepacking: false },
  host: "worker",
};

test("the order of the settings makes no difference", async () => {
  const settings = { prepacking: false, backend: "wasm" };
  expect(await imageKey({ ...SUBJECT, settings })).toBe(await imageKey(SUBJECT));
});

test.each<[keyof ImageSubject, Partial<ImageSubject>]>([
  ["wasm", { wasm: "ab".repeat(32) }],
  ["glue", { glue: "ab".repeat(32) }],
  ["pack", { pack: "ab".repeat(32) }],
  ["dtype", { dtype: "q8" }],
  ["settings", { settings: { backend: "wasm" } }],
  ["host", { host: "node" }],
])("another %s is another image", async (_what, other) => {
  const [key, others] = [await imageKey(SUBJECT), await imageKey({ ...SUBJECT, ...other })];
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(others).not.toBe(key);
});

import { expect, test } from "vitest";
import { readOptions } from "./options.ts";
import { anchorsId, anchorsOf, type PublicKeys } from "./public-keys.ts";

const key = (x: string) => ({ kty: "EC", crv: "P-256", x, y: "y" });
const [a, b] = [key("a"), key("b")];
const idOf = (publicKeys: PublicKeys) => anchorsId(anchorsOf(publicKeys));

test("the same keys are the same anchors, whatever their order and whatever else is noted beside them", async () => {
  const id = await idOf([a, b]);
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(await idOf([{ ...b, alg: "ES256", key_ops: [] }, a])).toBe(id);
  expect(await idOf({ pack: [b, a], channel: [a, b] })).toBe(id);
  expect(await idOf({ pack: [a], channel: [b] })).not.toBe(id);
  expect(await idOf({ pack: [b], channel: [a] })).not.toBe(await idOf({ pack: [a], channel: [b] }));
  expect(await idOf([a])).not.toBe(id);
});

test("a root document is the same as its text", () => {
  const root = { payloadType: "t", payload: "p", signatures: [] };
  const text = `${JSON.stringify(root)}\n`;
  expect(anchorsOf({ root })).toBe(anchorsOf({ root: text }));
});

test("a private key stays one, so that the keeper refuses it", () => {
  expect(anchorsOf([{ ...a, d: "secret" }])).toContain('"d"');
});

test.each<[what: string, publicKeys: unknown]>([
  ["no keys", []],
  ["nothing", null],
  ["a key without a list", a],
  ["a text", "keys/root.json"],
  ["an empty root document", { root: "" }],
  ["keys for packs alone", { pack: [a] }],
  ["a role without keys", { pack: [a], channel: [] }],
])("%s is refused when the handle is made", (_, publicKeys) => {
  expect(() => readOptions({ registry: "/m", publicKeys: publicKeys as PublicKeys })).toThrow(
    expect.objectContaining({
      code: "options-invalid",
      message: expect.stringContaining("publicKeys"),
    }),
  );
});

test("without keys there are no anchors", () => {
  expect(readOptions({ registry: "/m" }).anchors).toBeUndefined();
});

import { parseTrustAnchors } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { readOptions } from "./options.ts";
import { anchorsId, anchorsOf, type PublicKeys } from "./public-keys.ts";

const key = (x: string) => ({ kty: "EC", crv: "P-256", x, y: "y" });
const [a, b] = [key("a"), key("b")];
const idOf = (publicKeys: PublicKeys) => anchorsId(anchorsOf(publicKeys));

test("other keys, and the same in other roles, have another id", async () => {
  const id = await idOf({ pack: [a], channel: [b] });
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(await idOf({ pack: [{ ...a }], channel: [b] })).toBe(id);
  for (const others of [{ pack: [b], channel: [a] }, { pack: [a], channel: [a] }, [a, b]])
    expect(await idOf(others)).not.toBe(id);
});

test("without keys there are no anchors", () => {
  expect(readOptions({ registry: "/m" }).anchors).toBeUndefined();
});

test.each<[what: string, publicKeys: unknown]>([
  ["nothing", null],
  ["a function", () => [a]],
  ["a symbol", Symbol("keys")],
  ["no keys", []],
  ["a text", "keys/root.json"],
])("%s never passes for no keys at all: the keeper refuses it", (_, publicKeys) => {
  const { anchors } = readOptions({ registry: "/m", publicKeys: publicKeys as PublicKeys });
  expect(() => parseTrustAnchors(String(anchors))).toThrow(
    expect.objectContaining({
      code: "key-invalid",
      message: expect.stringContaining("publicKeys"),
    }),
  );
});

import { expect, test } from "vitest";
import { newKey, trusting } from "./keys.fixture.ts";
import { parseTrustAnchors } from "./trust-anchors.ts";

const [pack, channel] = [newKey(), newKey()];

test("keys are read by role, whatever else is noted beside them", () => {
  const noted = trusting(pack).keys.map((key) => ({ ...key, alg: "ES256", kid: "mine" }));
  const text = JSON.stringify({ pack: noted, channel: trusting(channel).keys });
  expect(parseTrustAnchors(text)).toEqual({
    kind: "keys",
    pack: trusting(pack),
    channel: trusting(channel),
  });
});

test("a root document is left to whoever follows it", () => {
  expect(parseTrustAnchors('{"root":"<html>"}')).toEqual({ kind: "root", text: "<html>" });
});

test.each<[wrong: string, field: string, change: object]>([
  ["no channel keys", "channel", { channel: undefined }],
  ["an empty list", "pack", { pack: [] }],
  ["more keys than anyone has", "pack", { pack: Array(33).fill(trusting(pack).keys[0]) }],
  ["a private key", "pack[0]", { pack: [pack.jwk] }],
  ["a key of another kind", "pack[0].kty", { pack: [{ kty: "RSA" }] }],
  ["a coordinate that is too short", "channel[0].x", { channel: [{ ...pack.jwk, x: "abc" }] }],
  ["a root document that is no text", "root", { root: {} }],
])("%s: refused at %s", (_, field, change) => {
  const keys = { pack: trusting(pack).keys, channel: trusting(channel).keys };
  expect(() => parseTrustAnchors(JSON.stringify({ ...keys, ...change }))).toThrow(
    expect.objectContaining({ code: "key-invalid", detail: { field } }),
  );
});

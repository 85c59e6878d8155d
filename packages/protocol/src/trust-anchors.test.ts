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

test("keys in a list may sign for both roles", () => {
  const both = trusting(pack, channel);
  const anchors = parseTrustAnchors(JSON.stringify(both.keys));
  expect(anchors).toEqual({ kind: "keys", pack: both, channel: both });
});

test("a root document is left to whoever follows it, be it the document or its text", () => {
  expect(parseTrustAnchors('{"root":"<html>"}')).toEqual({ kind: "root", text: "<html>" });
  expect(parseTrustAnchors('{"root":{"a":[1]}}')).toEqual({ kind: "root", text: '{"a":[1]}' });
});

test.each<[wrong: string, field: string, change: object]>([
  ["no channel keys", "channel", { channel: undefined }],
  ["an empty list", "pack", { pack: [] }],
  ["more keys than anyone has", "pack", { pack: Array(33).fill(trusting(pack).keys[0]) }],
  ["a private key", "pack[0]", { pack: [pack.jwk] }],
  ["a key of another kind", "pack[0].kty", { pack: [{ kty: "RSA" }] }],
  ["a coordinate that is too short", "channel[0].x", { channel: [{ ...pack.jwk, x: "abc" }] }],
])("%s is refused at %s", (_, field, change) => {
  const keys = { pack: trusting(pack).keys, channel: trusting(channel).keys };
  expect(() => parseTrustAnchors(JSON.stringify({ ...keys, ...change }))).toThrow(
    expect.objectContaining({ code: "key-invalid", detail: { field } }),
  );
});

test.each(["[]", "null", "1", "{}", '"keys/root.json"', "[1]"])("%s holds no keys", (text) => {
  expect(() => parseTrustAnchors(text)).toThrow(expect.objectContaining({ code: "key-invalid" }));
});

import { expect, test } from "vitest";
import type { PublicJwk } from "./jwk.ts";
import { newKey, trusting } from "./keys.fixture.ts";
import { encodeRoot, parseRoot, type RootDocument, requireFresh } from "./root-document.ts";
import { createSigner, signEnvelope } from "./sign-envelope.ts";

const keys = { root: newKey(), pack: newKey(), channel: newKey(), other: newKey() };
const role = (name: keyof typeof keys) => ({ ...trusting(keys[name]), threshold: 1 });
const roles = { root: role("root"), pack: role("pack"), channel: role("channel") };
const example: Omit<RootDocument, "format"> = {
  version: 3,
  expires: "2030-01-01T00:00:00Z",
  roles,
};

async function written(change: object = {}, signer = keys.root): Promise<string> {
  const envelope = encodeRoot({ ...example, ...change });
  return JSON.stringify(await signEnvelope(envelope, await createSigner(signer.jwk)));
}

test("a root document that its root key signed is read", async () => {
  expect(await parseRoot(await written())).toEqual({ format: "selvedge.root/1", ...example });
});

test("one that another key signed is refused, be it that of another role", async () => {
  for (const signer of [keys.pack, keys.channel, keys.other])
    await expect(parseRoot(await written({}, signer), "root.json")).rejects.toMatchObject({
      code: "signature-invalid",
      message: expect.stringMatching(/^root\.json: no valid signature by/),
    });
  const unsigned = JSON.stringify(encodeRoot(example));
  await expect(parseRoot(unsigned)).rejects.toMatchObject({ code: "signature-invalid" });
});

test("it is fresh until it expires", async () => {
  const root = await parseRoot(await written());
  const expiry = Date.parse(example.expires);
  expect(() => requireFresh(root, expiry - 1)).not.toThrow();
  expect(() => requireFresh(root, expiry, "root.json")).toThrow(
    /^root\.json: expired on 2030-01-01T00:00:00Z\. Renew/,
  );
});

const secret: PublicJwk = keys.other.jwk;

test.each<[wrong: string, field: string, change: object]>([
  ["a version of 0", "version", { version: 0 }],
  ["a date in words", "expires", { expires: "tomorrow" }],
  ["no roles", "roles", { roles: undefined }],
  ["no pack role", "roles.pack", { roles: { ...roles, pack: undefined } }],
  [
    "a role without keys",
    "roles.pack.keys",
    { roles: { ...roles, pack: { keys: [], threshold: 1 } } },
  ],
  [
    "a threshold of 0",
    "roles.pack.threshold",
    { roles: { ...roles, pack: { ...roles.pack, threshold: 0 } } },
  ],
  [
    "a threshold above its keys",
    "roles.pack.threshold",
    { roles: { ...roles, pack: { ...roles.pack, threshold: 2 } } },
  ],
  [
    "a role with more keys than anyone has",
    "roles.pack.keys",
    { roles: { ...roles, pack: { keys: Array(33).fill(roles.pack.keys[0]), threshold: 1 } } },
  ],
  ["one key in two roles", "roles.channel.keys[0]", { roles: { ...roles, channel: roles.pack } }],
  [
    "a private key",
    "roles.pack.keys[0]",
    { roles: { ...roles, pack: { keys: [secret], threshold: 1 } } },
  ],
])("%s is refused at %s", async (_, field, change) => {
  await expect(parseRoot(await written(change))).rejects.toMatchObject({
    code: "root-invalid",
    detail: { field },
  });
});

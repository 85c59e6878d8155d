import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import {
  createSigner,
  type Envelope,
  encodeRoot,
  keyId,
  type PrivateJwk,
  parsePrivateJwk,
  publicHalf,
  type Role,
  type RootDocument,
  type Signer,
  signEnvelope,
} from "@selvedge/protocol";
import { type NewFile, writeNewFiles } from "../registry/write-new-files.ts";

/** How long a root document is good for. */
const ROOT_LIFETIME_MS = 365 * 24 * 60 * 60 * 1000;

/** What making or changing keys came to. */
export interface KeygenResult {
  /** The files that were written. */
  readonly files: readonly string[];
  readonly root: { readonly file: string; readonly version: number; readonly expires: string };
  /** The ids of the keys that each role has now. */
  readonly keys: Readonly<Record<Role, readonly string[]>>;
}

/**
 * Makes a key for each role, and the root document that says which is which. Files with `.key.` in
 * their names are secret; those of the root belong offline.
 *
 * @throws SelvedgeError `key-invalid` where a key is there already, or the folder cannot be written;
 * nothing was changed.
 */
export async function keygen({ out }: { readonly out: string }): Promise<KeygenResult> {
  const keys = { root: newKey(), pack: newKey(), channel: newKey() };
  const role = (name: Role) => ({ keys: [publicHalf(keys[name])], threshold: 1 });
  const roles = { root: role("root"), pack: role("pack"), channel: role("channel") };
  const root = { version: 1, expires: expiry(), roles };
  const files: NewFile[] = [
    await secretFile(out, "root", keys.root),
    ...(await keyFiles(out, "pack", keys.pack)),
    ...(await keyFiles(out, "channel", keys.channel)),
    {
      path: rootFile(out),
      content: await signedRoot(root, await createSigner(keys.root)),
      isSecret: false,
    },
  ];
  await writeNewFiles(files);
  return resultOf(
    out,
    root,
    files.map(({ path }) => path),
  );
}

/** A new key that can sign. */
export function newKey(): PrivateJwk {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return parsePrivateJwk(JSON.stringify(privateKey.export({ format: "jwk" })));
}

/** The two files of a key: `NAME.key.json`, which only its owner may read, and `NAME.pub.json`. */
export async function keyFiles(out: string, name: string, key: PrivateJwk): Promise<NewFile[]> {
  const content = await jwkText(publicHalf(key), key);
  const path = join(out, `${name}.pub.json`);
  return [await secretFile(out, name, key), { path, content, isSecret: false }];
}

/** Where the root document of a folder of keys lies. */
export function rootFile(out: string): string {
  return join(out, "root.json");
}

/** A root document as it stands in its file, signed by each of some keys. */
export async function signedRoot(
  root: Omit<RootDocument, "format">,
  ...signers: readonly Signer[]
): Promise<string> {
  const unsigned = encodeRoot(root);
  const signatures: Envelope["signatures"][number][] = [];
  for (const signer of signers)
    signatures.push(...(await signEnvelope(unsigned, signer)).signatures);
  return `${JSON.stringify({ ...unsigned, signatures })}\n`;
}

/** When a root document that is written now expires. */
export function expiry(): string {
  return new Date(Date.now() + ROOT_LIFETIME_MS).toISOString();
}

/** What to tell of a root document that was written. */
export async function resultOf(
  out: string,
  { version, expires, roles }: Omit<RootDocument, "format">,
  files: readonly string[],
): Promise<KeygenResult> {
  const idsOf = (role: Role) => Promise.all(roles[role].keys.map(keyId));
  return {
    files,
    root: { file: rootFile(out), version, expires },
    keys: {
      root: await idsOf("root"),
      pack: await idsOf("pack"),
      channel: await idsOf("channel"),
    },
  };
}

async function secretFile(out: string, name: string, key: PrivateJwk): Promise<NewFile> {
  const content = await jwkText(key, key);
  return { path: join(out, `${name}.key.json`), content, isSecret: true };
}

async function jwkText(jwk: object, key: PrivateJwk): Promise<string> {
  return `${JSON.stringify({ ...jwk, alg: "ES256", use: "sig", kid: await keyId(key) }, null, 2)}\n`;
}

import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  createSigner,
  keyId,
  type PrivateJwk,
  type PublicJwk,
  publicHalf,
  type Role,
  type RootDocument,
  rootLinkPath,
  SelvedgeError,
} from "@selvedge/protocol";
import { writeAtomically } from "../registry/write-atomically.ts";
import { type NewFile, writeNewFiles } from "../registry/write-new-files.ts";
import { readSigningKey, type SigningKey } from "./key-file.ts";
import {
  expiry,
  type KeygenResult,
  keyFiles,
  newKey,
  resultOf,
  rootFile,
  signedRoot,
} from "./keygen.ts";
import { readRootFile } from "./root-file.ts";

/** The shortest beginning of a key's id that names it. */
const SHORTEST_ID = 8;

/** What to change in a root document. Whatever it is, the document is good for another year. */
export type RootChange =
  /**
   * Adds a new key to a role. The old one stays valid until it is dropped. Of the root role it takes
   * the old one's place at once, and both sign the document.
   */
  | { readonly kind: "rotate"; readonly role: Role }
  /** Takes a key away, by its id or at least eight digits of it. What it signed is refused from now on. */
  | { readonly kind: "drop"; readonly key: string }
  | { readonly kind: "renew" };

/** Which folder of keys, and what to change there. */
export interface ChangeRootOptions {
  /** The folder that `keygen` wrote, with the root key in it. */
  readonly out: string;
  readonly change: RootChange;
}

/**
 * Changes which keys may sign what: writes the root document anew, its version one higher, signed by
 * the root key. No key file is changed or removed.
 *
 * @throws SelvedgeError `key-invalid`, `root-invalid`, `signature-invalid` or `options-invalid`;
 * nothing was changed.
 */
export async function changeRoot({ out, change }: ChangeRootOptions): Promise<KeygenResult> {
  const file = rootFile(out);
  const current = await readRootFile(file);
  const { signer } = await readRootKey(out, current);
  const version = current.version + 1;
  const { roles, files, next } = await changed(current, { out, change, version });
  const root = { version, expires: expiry(), roles };
  const signers = next === undefined ? [signer] : [signer, await createSigner(next)];
  const content = await signedRoot(root, ...signers);
  // Whoever trusts the old root key gets from it to the new one by this version, whatever follows.
  if (next !== undefined)
    files.push({ path: join(out, rootLinkPath(version)), content, isSecret: false });
  await writeNewFiles(files);
  const paths = files.map(({ path }) => path);
  try {
    await writeAtomically(file, content);
  } catch (error) {
    for (const path of paths) await rm(path, { force: true });
    throw error;
  }
  return resultOf(out, root, [...paths, file]);
}

/** The root key that may sign what follows a document: there are several once it was rotated. */
async function readRootKey(out: string, { roles }: RootDocument): Promise<SigningKey> {
  const names = (await readdir(out)).filter((name) => /^root-\d+\.key\.json$/.test(name));
  for (const name of names) {
    const key = await readSigningKey(join(out, name));
    if (isOneOf(roles.root.keys, key)) return key;
  }
  const first = join(out, "root.key.json");
  const key = await readSigningKey(first);
  if (isOneOf(roles.root.keys, key)) return key;
  throw new SelvedgeError(
    "key-invalid",
    `${first}: not the root key of ${rootFile(out)}. Put the one there that signed it.`,
  );
}

function isOneOf(keys: readonly PublicJwk[], { jwk }: SigningKey): boolean {
  return keys.some(({ x, y }) => x === jwk.x && y === jwk.y);
}

async function changed(
  { roles }: RootDocument,
  { out, change, version }: ChangeRootOptions & { readonly version: number },
): Promise<{ roles: RootDocument["roles"]; files: NewFile[]; next?: PrivateJwk }> {
  if (change.kind === "renew") return { roles, files: [] };
  if (change.kind === "drop") return { roles: await without(roles, change.key), files: [] };
  const { role } = change;
  const key = newKey();
  const files = await keyFiles(out, `${role}-${version}`, key);
  if (role === "root") {
    const root = { keys: [publicHalf(key)], threshold: 1 };
    return { roles: { ...roles, root }, files, next: key };
  }
  const keys = [...roles[role].keys, publicHalf(key)];
  return { roles: { ...roles, [role]: { ...roles[role], keys } }, files };
}

async function without(roles: RootDocument["roles"], id: string): Promise<RootDocument["roles"]> {
  const refuse = (why: string): never => {
    throw new SelvedgeError("options-invalid", `Key ${id} cannot be dropped: ${why}`);
  };
  if (!/^[0-9a-f]+$/.test(id) || id.length < SHORTEST_ID)
    return refuse(`give at least ${SHORTEST_ID} of its id's hex digits, as keygen prints them.`);
  const kept = { ...roles };
  for (const role of ["pack", "channel"] as const) {
    const keys: PublicJwk[] = [];
    for (const key of roles[role].keys) if (!(await keyId(key)).startsWith(id)) keys.push(key);
    if (keys.length < roles[role].threshold)
      return refuse(`the ${role} role has no other. Add one with --rotate ${role} first.`);
    kept[role] = { ...roles[role], keys };
  }
  const count = ({ pack, channel }: RootDocument["roles"]) =>
    pack.keys.length + channel.keys.length;
  const dropped = count(roles) - count(kept);
  return dropped === 1 ? kept : refuse(`${dropped} pack and channel keys are called so.`);
}

import {
  type ChannelDocument,
  channelsPath,
  createSigner,
  encodeChannels,
  encodeModelSignature,
  encodeModelStatement,
  encodeRoot,
  type PrivateJwk,
  parsePrivateJwk,
  publicHalf,
  ROOT_PATH,
  type RootDocument,
  rootLinkPath,
  signaturePath,
  signEnvelope,
} from "@selvedge/protocol";
import type { FakeRegistry } from "../delivery/registry.fixture.ts";
import { anchorsId, anchorsOf, type PublicKeys } from "../public-keys.ts";
import type { BuiltPack } from "../store/pack.fixture.ts";

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** A new key, as `selvedge keygen` would have made it. */
export async function newKey(): Promise<PrivateJwk> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  return parsePrivateJwk(JSON.stringify(await crypto.subtle.exportKey("jwk", pair.privateKey)));
}

/** What a page is given as `publicKeys`, as its keeper gets it, and the id of that. */
export async function anchorsFor(
  publicKeys: PublicKeys,
): Promise<{ readonly anchors: string; readonly trust: string }> {
  const anchors = anchorsOf(publicKeys);
  return { anchors, trust: await anchorsId(anchors) };
}

/** Signs a pack, and puts the signature beside its manifest. */
export async function signPack(
  registry: FakeRegistry,
  { manifest, digest }: BuiltPack,
  key: PrivateJwk,
): Promise<void> {
  const statement = await encodeModelStatement({ manifest, digest });
  const signed = await signEnvelope(statement, await createSigner(key));
  const path = signaturePath(manifest.name, manifest.version);
  registry.write(path, encodeModelSignature(signed, "f".repeat(64)));
}

/** Serves a pack on `stable`, by a channel document that is signed. */
export async function promotePack(
  registry: FakeRegistry,
  { manifest: { name, version }, digest }: BuiltPack,
  key: PrivateJwk,
  change: Partial<ChannelDocument> = {},
): Promise<void> {
  const now = Date.now();
  const channels = encodeChannels({
    name,
    sequence: 1,
    issued: new Date(now).toISOString(),
    expires: new Date(now + YEAR_MS).toISOString(),
    channels: { stable: [{ version, manifest: digest, buckets: [0, 10_000] }] },
    ...change,
  });
  const signed = await signEnvelope(channels, await createSigner(key));
  registry.write(channelsPath(name), JSON.stringify(signed));
}

/** Keys by role, as a root document lists them. */
export interface RootContent {
  readonly version: number;
  readonly root: PrivateJwk;
  readonly pack: readonly PrivateJwk[];
  readonly channel: readonly PrivateJwk[];
  readonly expires?: string;
}

/** Writes a root document, signed by its own root key and by others. */
export async function rootText(
  { version, root, pack, channel, expires }: RootContent,
  ...others: readonly PrivateJwk[]
): Promise<string> {
  const role = (keys: readonly PrivateJwk[]) => ({ keys: keys.map(publicHalf), threshold: 1 });
  const roles: RootDocument["roles"] = {
    root: role([root]),
    pack: role(pack),
    channel: role(channel),
  };
  const until = expires ?? new Date(Date.now() + YEAR_MS).toISOString();
  const unsigned = encodeRoot({ version, expires: until, roles });
  const signatures: { sig: string }[] = [];
  for (const key of [root, ...others])
    signatures.push(...(await signEnvelope(unsigned, await createSigner(key))).signatures);
  return JSON.stringify({ ...unsigned, signatures });
}

/** Hands a root document out, as the newest, or as one that handed over. */
export function handOut(registry: FakeRegistry, text: string, linkVersion?: number): void {
  registry.write(linkVersion === undefined ? ROOT_PATH : rootLinkPath(linkVersion), text);
}

/** The one document of a model that changes: which version each channel serves. */
export function channelsPath(name: string): string {
  return `${name}/channels.json`;
}

/** A version's manifest. Immutable; its SHA-256 is the pack's id. */
export function manifestPath(name: string, version: string): string {
  return `${name}/${version}/manifest.json`;
}

/** The signature over a version's manifest and segments: OpenSSF model signing, version 1.0. */
export function signaturePath(name: string, version: string): string {
  return `${name}/${version}/manifest.sig`;
}

/** A file of tensors. Immutable, named by the SHA-256 of its bytes. */
export function segmentPath(name: string, sha256: string): string {
  return `${name}/segments/${sha256}.bin`;
}

/** The newest root document: which keys may sign what. Beside the models, so that none is called so. */
export const ROOT_PATH = "root.json";

/** The version of the root document in which a root key handed over to the next. Immutable. */
export function rootLinkPath(version: number): string {
  return `root-${version}.json`;
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const VERSION = /^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$/;
/** What stands beside the versions, on file systems that do not tell cases apart too. */
const TAKEN = /^(segments|channels\.json)$/i;
/** What stands beside the models. */
const ROOTS = /^root(-\d+)?\.json$/;

/** Whether a model may be called this: lower-case letters, digits, `.`, `_` and `-`; 64 at most. */
export function isModelName(name: string): boolean {
  return NAME.test(name) && isFolderName(name) && !ROOTS.test(name);
}

/** Whether a version may be called this: letters, digits, `.`, `+`, `_` and `-`; 64 at most. */
export function isVersion(version: string): boolean {
  return VERSION.test(version) && isFolderName(version) && !TAKEN.test(version);
}

/** Windows drops a dot at the end, so that `1.0.` would be `1.0`. */
function isFolderName(name: string): boolean {
  return !name.includes("..") && !name.endsWith(".");
}

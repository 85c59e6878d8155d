import { type Envelope, payloadOf, readEnvelope, seal } from "./envelope.ts";
import { Field } from "./field.ts";
import type { Manifest } from "./manifest.ts";
import { SelvedgeError } from "./selvedge-error.ts";
import { sha256 } from "./sha256.ts";
import { type TrustedKeys, verifyEnvelope } from "./verify-envelope.ts";

const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE = "https://model_signing/signature/v1.0";
const PAYLOAD_TYPE = "application/vnd.in-toto+json";

/** What the signature of a version is about. */
export interface SignedPack {
  readonly manifest: Pick<Manifest, "name" | "version" | "segments">;
  /** SHA-256 of the manifest. */
  readonly digest: string;
}

/**
 * The statement that a pack's signature is made over, in an envelope, unsigned: the manifest and its
 * segments, by their paths in the model's folder and their digests.
 *
 * @see https://github.com/ossf/model-signing-spec
 */
export async function encodeModelStatement(pack: SignedPack): Promise<Envelope> {
  const resources = resourcesOf(pack);
  const digests = resources.flatMap(({ digest }) => digest.match(/../g) ?? []);
  const root = await sha256(Uint8Array.from(digests, (byte) => Number.parseInt(byte, 16)));
  const statement = {
    _type: STATEMENT_TYPE,
    subject: [{ name: pack.manifest.name, digest: { sha256: root } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      resources,
      serialization: { method: "files", hash_type: "sha256", allow_symlinks: false },
    },
  };
  return seal(PAYLOAD_TYPE, JSON.stringify(statement));
}

/**
 * Puts a signed statement into the sigstore bundle that `manifest.sig` is.
 *
 * @param hint the public key's fingerprint, as the format has it: SHA-256 of its PEM, in hex
 */
export function encodeModelSignature(envelope: Envelope, hint: string): string {
  const verificationMaterial = { publicKey: { hint }, tlogEntries: [] };
  return JSON.stringify({ mediaType: BUNDLE_TYPE, verificationMaterial, dsseEnvelope: envelope });
}

/**
 * Checks that a signature was made by keys that are trusted, and over this very pack.
 *
 * @param text the content of `manifest.sig`
 * @returns the ids of the keys that signed
 * @throws SelvedgeError `signature-invalid`, saying why; `key-invalid` for keys that are none.
 */
export async function verifyModelSignature(
  text: string,
  {
    pack,
    trusted,
    document = "signature",
  }: { pack: SignedPack; trusted: TrustedKeys; document?: string },
): Promise<string[]> {
  const code = "signature-invalid";
  const bundle = Field.fromJson(text, document, code);
  bundle.at("mediaType").oneOf([BUNDLE_TYPE]);
  const envelope = readEnvelope(bundle.at("dsseEnvelope"), PAYLOAD_TYPE);
  const signedBy = await verifyEnvelope(envelope, trusted, document);
  const signed = readResources(
    Field.fromJson(payloadOf(envelope, { document, code }), document, code),
  );
  const refuse = (why: string): never => {
    throw new SelvedgeError(code, `${document}: ${why}`);
  };
  const wanted = resourcesOf(pack);
  const { name, version } = pack.manifest;
  for (const { name: file, digest } of wanted)
    if (signed[file] === undefined)
      refuse(
        `it does not speak of ${file}, but of ${Object.keys(signed).join(", ")}. It belongs to another version: sign ${name}@${version} itself.`,
      );
    else if (signed[file] !== digest)
      refuse(
        `it was made for ${file} with digest ${signed[file]}, but the file has ${digest}. Restore the file.`,
      );
  const extra = Object.keys(signed).find((file) => wanted.every((other) => other.name !== file));
  if (extra !== undefined) refuse(`it speaks of ${extra}, which is no part of ${name}@${version}.`);
  return signedBy;
}

function resourcesOf({ manifest: { version, segments }, digest }: SignedPack) {
  const files = [
    { name: `${version}/manifest.json`, digest },
    ...segments.map((segment) => ({
      name: `segments/${segment.sha256}.bin`,
      digest: segment.sha256,
    })),
  ];
  // The format wants code point order; these names are ASCII.
  return files
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((file) => ({ ...file, algorithm: "sha256" }));
}

/** Reads what a statement was made over: digests by path. */
function readResources(statement: Field): Record<string, string> {
  statement.at("_type").oneOf([STATEMENT_TYPE]);
  statement.at("predicateType").oneOf([PREDICATE_TYPE]);
  const predicate = statement.at("predicate");
  predicate.at("serialization").at("method").oneOf(["files"]);
  const files: Record<string, string> = Object.create(null);
  for (const resource of predicate.at("resources").items()) {
    resource.at("algorithm").oneOf(["sha256"]);
    const name = resource.at("name").text();
    if (files[name] !== undefined) resource.at("name").fail("a name that comes once");
    files[name] = resource.at("digest").sha256();
  }
  return files;
}

import { type Envelope, parseEnvelope, payloadOf, seal } from "./envelope.ts";
import { Field } from "./field.ts";
import { isDateTime } from "./is-date-time.ts";
import { type PublicJwk, publicJwk } from "./jwk.ts";
import { SelvedgeError } from "./selvedge-error.ts";
import { type TrustedKeys, verifyEnvelope } from "./verify-envelope.ts";

const ROOT_FORMAT = "selvedge.root/1";
const PAYLOAD_TYPE = "application/vnd.selvedge.root+json";

/** A role with more keys than this is refused: each one tried costs a device time. */
const MOST_KEYS = 32;

/** What a key may sign: this document, packs, or channel documents. */
export type Role = "root" | "pack" | "channel";

/** Every role. */
export const ROLES: readonly Role[] = ["root", "pack", "channel"];

/** The keys of a role, and how many of them have to sign. */
export interface RoleKeys extends TrustedKeys {
  readonly threshold: number;
}

/** Which keys may sign what: TUF's root, cut down to what a registry of models needs. */
export interface RootDocument {
  readonly format: typeof ROOT_FORMAT;
  /** Grows by one with every change. */
  readonly version: number;
  /** ISO 8601, with a time and a zone. */
  readonly expires: string;
  readonly roles: Readonly<Record<Role, RoleKeys>>;
}

/** Writes a root document into an envelope, unsigned. */
export function encodeRoot(root: Omit<RootDocument, "format">): Envelope {
  return seal(PAYLOAD_TYPE, JSON.stringify({ format: ROOT_FORMAT, ...root }));
}

/**
 * Reads a root document that its own root keys have signed. It may have expired: whoever trusts it
 * asks `requireFresh`, whoever renews it does not.
 *
 * @throws SelvedgeError `root-invalid`, naming the field, or `signature-invalid`.
 */
export async function parseRoot(text: string, document = "root document"): Promise<RootDocument> {
  const code = "root-invalid";
  const envelope = parseEnvelope(text, { payloadType: PAYLOAD_TYPE, document, code });
  const root = readRoot(Field.fromJson(payloadOf(envelope, { document, code }), document, code));
  await verifyEnvelope(envelope, root.roles.root, document);
  return root;
}

/**
 * Reads a root document that follows from one that is trusted already: the root keys of both have
 * signed it, and it is no older. So a root key hands over to the next (TUF 5.3).
 *
 * @throws SelvedgeError `root-invalid`, naming the field or the versions, or `signature-invalid`.
 */
export async function parseNextRoot(
  text: string,
  trusted: RootDocument,
  document = "root document",
): Promise<RootDocument> {
  const code = "root-invalid";
  const envelope = parseEnvelope(text, { payloadType: PAYLOAD_TYPE, document, code });
  // The keys that are trusted first: those in the document are anyone's until then.
  await verifyEnvelope(envelope, trusted.roles.root, document);
  const root = await parseRoot(text, document);
  if (root.version < trusted.version)
    throw new SelvedgeError(
      code,
      `${document}: version ${root.version}, and version ${trusted.version} is trusted already. Use the newest one.`,
    );
  return root;
}

/**
 * @param hint what else to say, such as that the clock may be wrong
 * @throws SelvedgeError `root-invalid` for a root document that has expired.
 */
export function requireFresh(
  root: RootDocument,
  now: number,
  document = "root document",
  hint = "",
): void {
  if (Date.parse(root.expires) <= now)
    throw new SelvedgeError(
      "root-invalid",
      `${document}: expired on ${root.expires}. Renew it with \`selvedge keygen --renew\`, and hand out the new one.${hint}`,
    );
}

function readRoot(root: Field): RootDocument {
  const roles = root.at("roles");
  const taken = new Set<string>();
  const role = (name: Role): RoleKeys => {
    const field = roles.at(name);
    const items = field.at("keys").items();
    if (items.length > MOST_KEYS) field.at("keys").fail(`at most ${MOST_KEYS} keys`);
    const keys = items.map((item): PublicJwk => {
      const key = publicJwk(item);
      // One key in two roles would be as good as one role.
      if (taken.has(key.x)) item.fail("a key that comes once in the document");
      taken.add(key.x);
      return key;
    });
    if (keys.length === 0) field.at("keys").fail("at least one key");
    return { keys, threshold: field.at("threshold").integer({ min: 1, max: keys.length }) };
  };
  return {
    format: root.at("format").oneOf([ROOT_FORMAT]),
    version: root.at("version").integer({ min: 1 }),
    expires: root.at("expires").stringThat(isDateTime, "an ISO 8601 date and time"),
    roles: { root: role("root"), pack: role("pack"), channel: role("channel") },
  };
}

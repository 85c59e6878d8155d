import type { Field } from "@selvedge/protocol";
import { digestOf, type KnownToken } from "../access/check-token.ts";
import type { CollectorConfig } from "./collector-config.ts";
import { expectKnownKeys } from "./known-keys.ts";

/** Shorter ones can be guessed. */
const TOKEN = /^[\x21-\x7e]{20,512}$/;

/**
 * Reads the section `tokens`: for `ingest` and `read` a list of `{name, token}` or `{name, sha256}`.
 *
 * @throws SelvedgeError that names the field, where a token is too short or is in both roles.
 */
export function readTokens(field: Field): CollectorConfig["tokens"] {
  expectKnownKeys(field, ["ingest", "read"]);
  const list = (role: string) => field.at(role).optional(readList) ?? [];
  const tokens = { ingest: list("ingest"), read: list("read") };
  for (const { sha256 } of tokens.read)
    if (tokens.ingest.some((other) => other.sha256.equals(sha256)))
      field.at("read").fail("other tokens than those of ingest, which only write");
  return tokens;
}

function readList(field: Field): KnownToken[] {
  return field.items().map((item) => {
    expectKnownKeys(item, ["name", "token", "sha256"]);
    const name = item.at("name").text();
    const [token, sha256] = [item.at("token"), item.at("sha256")];
    if (token.isPresent === sha256.isPresent)
      item.fail("an object with either a token or its sha256");
    return { name, sha256: token.isPresent ? digestOf(secretOf(item)) : fromHex(sha256) };
  });
}

/** Fails on the object that holds the token, for an error shows the value of its field. */
function secretOf(item: Field): string {
  const { token } = item.object();
  if (typeof token === "string" && TOKEN.test(token)) return token;
  return item.fail("an object whose token is 20 to 512 characters of ASCII, without spaces");
}

function fromHex(field: Field): Buffer {
  return Buffer.from(field.sha256(), "hex");
}

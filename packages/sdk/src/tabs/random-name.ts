import { toHex } from "@selvedge/protocol";

/** A name that no other has. Not `randomUUID`, which a page lacks that is no secure context. */
export function randomName(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(16)));
}

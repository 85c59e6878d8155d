import type { TensorDigest } from "./prediction-record.ts";
import { sha256 } from "./sha256.ts";

/**
 * What may be told of tensors to others: it changes with any of their bytes, and says nothing about them
 * to whoever lacks the salt.
 *
 * @param salt of the prediction's record
 * @returns 64 hex digits: SHA-256 of `[salt, [[name, dtype, dims, sha256], …]]` as JSON, by name.
 */
export function commitToTensors(
  salt: string,
  tensors: Readonly<Record<string, TensorDigest>>,
): Promise<string> {
  const names = Object.keys(tensors).sort();
  const digests = names.map((name) => {
    const { dtype, dims, sha256 } = tensors[name] ?? {};
    return [name, dtype, dims, sha256];
  });
  return sha256(new TextEncoder().encode(JSON.stringify([salt, digests])));
}

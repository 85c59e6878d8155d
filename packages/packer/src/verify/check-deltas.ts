import { deltaBlobs, type Manifest, sha256 } from "@selvedge/protocol";
import { type BlobSource, undoDelta } from "../registry/blob-source.ts";
import type { Problem } from "./problem.ts";

/**
 * Undoes every delta of a version from what it starts from, and holds the outcome against the blob
 * that it stands in for.
 *
 * @returns a warning for each that starts from what is not in the registry: devices may hold it
 */
export async function checkDeltas(
  manifest: Manifest,
  source: BlobSource,
): Promise<{ problems: Problem[]; warnings: string[] }> {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  for (const blob of deltaBlobs(manifest)) {
    const label = blob.name === undefined ? "Delta of a graph" : `Delta of "${blob.name}"`;
    const base = await source.read(blob.delta.base);
    const packed = await source.read(blob.delta.sha256);
    // Where its own bytes are wrong, that has been said.
    if (packed === undefined) continue;
    if (base === undefined) {
      const what = source.has(blob.delta.base) ? "damaged" : "in no version any more";
      warnings.push(
        `${manifest.version}: ${label} could not be undone: what it starts from is ${what}. Devices that hold it are not affected.`,
      );
      continue;
    }
    const outcome = undoDelta(blob, base, packed);
    if (outcome === undefined || (await sha256(outcome)) !== blob.sha256)
      problems.push({
        part: "delta",
        message: `${label} does not lead to the bytes that it stands in for. Pack the model again under a new version.`,
      });
  }
  return { problems, warnings };
}

import { isCommit, type Provenance, SelvedgeError } from "@selvedge/protocol";
import { digestFile } from "./registry/digest-file.ts";
import type { ModelFolder } from "./registry/registry.ts";

/** Where a model came from, as whoever packs it tells. */
export interface ProvenanceOptions {
  /** Files it was trained on. Their digests are recorded, neither names nor contents. */
  readonly datasets?: readonly string[] | undefined;
  /** The git commit it was trained from, in full. */
  readonly commit?: string | undefined;
  /** The version it was made from, which the registry has to have. */
  readonly parent?: string | undefined;
}

/** @throws SelvedgeError `options-invalid` or `not-found`. */
export async function readProvenance(
  folder: ModelFolder,
  { datasets = [], commit, parent, version }: ProvenanceOptions & { readonly version: string },
): Promise<Omit<Provenance, "source" | "tools">> {
  if (commit !== undefined && !isCommit(commit))
    throw new SelvedgeError(
      "options-invalid",
      `"${commit}" is no commit. Give all 40 or 64 hex digits, as \`git rev-parse HEAD\` prints them.`,
    );
  if (parent === version)
    throw new SelvedgeError(
      "options-invalid",
      `${version} cannot be its own parent. Name the version it was made from.`,
    );
  const digests = new Map<string, { bytes: number; sha256: string }>();
  for (const path of datasets) {
    const dataset = await digestFile(path);
    digests.set(dataset.sha256, dataset);
  }
  const sorted = [...digests.values()].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  const made = parent === undefined ? undefined : await folder.manifest(parent);
  return {
    ...(sorted.length === 0 ? {} : { datasets: sorted }),
    ...(commit === undefined ? {} : { commit }),
    ...(made === undefined
      ? {}
      : { parent: { version: made.manifest.version, manifest: made.digest } }),
  };
}

import { createHash } from "node:crypto";
import {
  type BlobRef,
  type Manifest,
  type ReferenceFeature,
  SelvedgeError,
  segmentPath,
} from "@selvedge/protocol";
import { openInside } from "../open-inside.ts";
import type { ReadManifest } from "../read-manifest.ts";
import { parseClassNames } from "./parse-class-names.ts";

/** What the classes of a version are called, by their place among its scores; empty where nothing says so. */
export type ReadClassNames = (
  model: string,
  version: string,
) => Promise<ReadonlyMap<string, string>>;

/** Attachments that may say what classes are called, as packs of transformers.js have them too. */
const FILES = ["labels.txt", "config.json"];

/** More than the names of any classes take that have a place in a reference. */
const MAX_BYTES = 1024 * 1024;

/** Manifests whose names are kept. */
const MAX_KEPT = 256;

const NONE: ReadonlyMap<string, string> = new Map();

/**
 * Reads class names of what the registry serves. Devices tell classes by the reference's categories, which
 * are places where a model answers with scores: their names stay in the registry, where a pack may have
 * brought them, and are believed as far as the manifest is.
 */
export function createClassNameReader(
  registryDir: string,
  readManifest: ReadManifest,
): ReadClassNames {
  const kept = new Map<string, ReadonlyMap<string, string>>();
  return async (model, version) => {
    const served = await readManifest(model, version).catch(noneFor);
    if (served === undefined) return NONE;
    const known = kept.get(served.digest);
    if (known !== undefined) return known;
    const names = await namesIn(registryDir, served.manifest);
    kept.set(served.digest, names);
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return names;
  };
}

/** A manifest that is broken or that nobody signed names nothing; what feedback said can be told all the same. */
function noneFor(error: unknown): undefined {
  if (!(error instanceof SelvedgeError)) throw error;
}

async function namesIn(
  registryDir: string,
  manifest: Manifest,
): Promise<ReadonlyMap<string, string>> {
  const feature = manifest.reference?.features.find(
    ({ side, measure }) => side === "output" && measure === "class",
  );
  if (feature === undefined) return NONE;
  for (const fileName of FILES) {
    const blob = manifest.attachments.find(({ name }) => name === fileName);
    const bytes = blob && (await readBlob(registryDir, manifest, blob));
    const names = bytes && parseClassNames(fileName, bytes);
    if (names !== undefined && fits(names, manifest, feature)) return byPlace(names, feature);
  }
  return NONE;
}

async function readBlob(
  registryDir: string,
  { name, segments }: Manifest,
  { bytes: size, sha256, at }: BlobRef,
): Promise<Buffer | undefined> {
  const segment = segments[at.segment];
  if (segment === undefined || size > MAX_BYTES) return undefined;
  const file = await openInside(registryDir, segmentPath(name, segment.sha256));
  if (file === undefined) return undefined;
  try {
    const bytes = Buffer.alloc(size);
    const { bytesRead } = await file.read(bytes, 0, size, at.offset);
    const digest = createHash("sha256").update(bytes.subarray(0, bytesRead)).digest("hex");
    return digest === sha256 ? bytes : undefined;
  } finally {
    await file.close();
  }
}

/** A list that is longer or shorter than there are scores names other classes than these. */
function fits(
  names: readonly (string | undefined)[],
  { signature }: Manifest,
  { tensor }: ReferenceFeature,
): boolean {
  const scores = signature.outputs.find(({ name }) => name === tensor)?.dims.at(-1) ?? -1;
  return scores < 0 || scores === names.length;
}

/** Of two classes that are called the same, neither is named: they could not be told apart. */
function byPlace(
  names: readonly (string | undefined)[],
  { categories = [] }: ReferenceFeature,
): ReadonlyMap<string, string> {
  const entries = categories.flatMap((place) => {
    const name = /^\d+$/.test(place) ? names[Number(place)] : undefined;
    return name === undefined ? [] : [[place, name] as const];
  });
  const times = new Map<string, number>();
  for (const [, name] of entries) times.set(name, (times.get(name) ?? 0) + 1);
  return new Map(entries.filter(([, name]) => times.get(name) === 1));
}

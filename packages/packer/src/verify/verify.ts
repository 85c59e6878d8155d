import {
  channelsPath,
  SelvedgeError,
  signaturePath,
  verifyEnvelope,
  verifyModelSignature,
} from "@selvedge/protocol";
import { BlobSource } from "../registry/blob-source.ts";
import { ModelFolder, type StoredManifest } from "../registry/registry.ts";
import { checkReleaseTests, type ReleaseTestFiles } from "../release-tests/check-release-tests.ts";
import { type RuntimeOptions, withRuntime } from "../runtime/with-runtime.ts";
import { readTrust, type Trust, type TrustOptions } from "../signing/trust.ts";
import { checkBlobs } from "./check-blobs.ts";
import { checkDeltas } from "./check-deltas.ts";
import { checkGolden } from "./check-golden.ts";
import { checkImages } from "./check-images.ts";
import type { Problem } from "./problem.ts";

/** Which pack to verify. */
export interface VerifyOptions extends TrustOptions, ReleaseTestFiles, RuntimeOptions {
  readonly name: string;
  /** @default every version there is */
  readonly version?: string | undefined;
  readonly registry: string;
}

/** What verifying found. */
export interface VerifyResult {
  /** The versions that were looked at, with their digests where the manifest could be read. */
  readonly versions: readonly { readonly version: string; readonly digest?: string }[];
  /** Empty where everything is as it should be. */
  readonly problems: readonly Problem[];
  /** What could not be checked, though nothing is known to be wrong. */
  readonly warnings: readonly string[];
}

/**
 * Checks every digest of a pack, where its deltas lead, its place in the channels, its golden answers,
 * and those of its images; given keys, the signatures of pack and channels too, and given the files it was tested by,
 * those tests.
 *
 * @throws SelvedgeError `not-found`, `options-invalid` or `key-invalid`; whatever else is wrong is a problem in the
 * result.
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  return await withRuntime(options, () => verifyVersions(options));
}

async function verifyVersions(options: VerifyOptions): Promise<VerifyResult> {
  const folder = new ModelFolder(options.registry, options.name);
  const versions = options.version === undefined ? await folder.versions() : [options.version];
  // With no version at all, this says so.
  if (versions.length === 0) await folder.defaultVersion();
  const problems: Problem[] = [];
  const trust = await readTrust(options);
  problems.push(...trust.problems);
  const warnings: string[] = [];
  const source = await BlobSource.open(folder);
  const digests = new Map<string, string>();
  for (const version of versions) {
    const stored = await asProblem(() => folder.manifest(version), "manifest", version, problems);
    if (stored === undefined) continue;
    digests.set(version, stored.digest);
    problems.push(...(await checkSignature(folder, stored, trust)));
    const checked = await checkVersion(folder, stored, { source, options });
    problems.push(...checked.problems);
    warnings.push(...checked.warnings);
  }
  problems.push(...(await checkChannelSignature(folder, trust)));
  problems.push(...(await checkChannels(folder, digests)));
  return {
    versions: versions.map((version) => {
      const digest = digests.get(version);
      return digest === undefined ? { version } : { version, digest };
    }),
    problems,
    warnings,
  };
}

async function checkSignature(
  folder: ModelFolder,
  pack: StoredManifest,
  { pack: trusted }: Trust,
): Promise<Problem[]> {
  if (trusted === undefined) return [];
  const { name, version } = pack.manifest;
  const document = signaturePath(name, version);
  const text = await folder.signature(version);
  const problems: Problem[] = [];
  if (text === undefined)
    problems.push({
      part: "signature",
      version,
      message: `${document}: missing. Pack the version again with --key to sign it.`,
    });
  else {
    const check = () => verifyModelSignature(text, { pack, trusted, document });
    await asProblem(check, "signature", version, problems);
  }
  return problems;
}

async function checkChannelSignature(folder: ModelFolder, trust: Trust): Promise<Problem[]> {
  const problems: Problem[] = [];
  const { channel: trusted } = trust;
  if (trusted === undefined) return problems;
  // Channels that cannot be read are reported where they are read for what they say.
  const envelope = await folder.channelsEnvelope().catch(() => undefined);
  if (envelope !== undefined) {
    const check = () => verifyEnvelope(envelope, trusted, channelsPath(folder.name));
    await asProblem(check, "channels", undefined, problems);
  }
  return problems;
}

async function checkVersion(
  folder: ModelFolder,
  { manifest }: StoredManifest,
  { source, options }: { readonly source: BlobSource; readonly options: VerifyOptions },
): Promise<{ problems: Problem[]; warnings: string[] }> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { problems, contents } = await checkBlobs(folder, manifest, source);
  signal?.throwIfAborted();
  const deltas = await checkDeltas(manifest, source);
  signal?.throwIfAborted();
  // Answers computed from damaged bytes would say nothing new.
  const isDamaged = problems.length > 0;
  const answers = isDamaged
    ? []
    : [
        ...(await checkGolden(manifest, contents)),
        ...(await checkReleaseTests({ manifest, contents }, options)),
      ];
  const images = isDamaged ? { problems: [], warnings: [] } : await checkImages(manifest, contents);
  return {
    problems: [...problems, ...deltas.problems, ...answers, ...images.problems].map((problem) => ({
      ...problem,
      version: manifest.version,
    })),
    warnings: [...deltas.warnings, ...images.warnings],
  };
}

async function checkChannels(
  folder: ModelFolder,
  digests: ReadonlyMap<string, string>,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  const document = await asProblem(() => folder.channels(), "channels", undefined, problems);
  if (document === undefined) return problems;
  const complain = (message: string): void => {
    problems.push({ part: "channels", message });
  };
  if (document.name !== folder.name)
    complain(`The channels are those of "${document.name}". Promote a version of ${folder.name}.`);
  if (Date.parse(document.expires) <= Date.now())
    complain(`The channels expired on ${document.expires}. Promote a version again.`);
  const versions = await folder.versions();
  for (const [channel, entries] of Object.entries(document.channels))
    for (const { version, manifest } of entries) {
      const digest = digests.get(version);
      if (!versions.includes(version))
        complain(`Channel "${channel}" serves ${version}, which is not there. Promote another.`);
      else if (digest !== undefined && digest !== manifest)
        complain(
          `Channel "${channel}" expects manifest ${manifest} of ${version}, but it is ${digest}. If the change was meant, promote ${version} again.`,
        );
    }
  return problems;
}

/** Runs a step; what is wrong with the registry becomes a problem, anything else is thrown. */
async function asProblem<T>(
  step: () => Promise<T>,
  part: Problem["part"],
  version: string | undefined,
  problems: Problem[],
): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    const isProblem =
      error instanceof SelvedgeError &&
      ["manifest-invalid", "manifest-unsupported", "channel-invalid", "signature-invalid"].includes(
        error.code,
      );
    if (!isProblem) throw error;
    problems.push({ part, message: error.message, ...(version === undefined ? {} : { version }) });
    return undefined;
  }
}

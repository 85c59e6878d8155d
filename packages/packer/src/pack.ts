import { basename } from "node:path";
import { blobsOf, type Provenance, SelvedgeError } from "@selvedge/protocol";
import type { ModelProto } from "onnx-buf";
import { assemblePack } from "./assemble-pack.ts";
import { readAttachments, withOwn } from "./attachments.ts";
import { calibrate } from "./golden/calibrate.ts";
import { readCases } from "./golden/cases-file.ts";
import { checkCases } from "./golden/check-cases.ts";
import { type GoldenSet, typicalOf } from "./golden/golden.ts";
import { goldenAnswers } from "./golden/golden-answers.ts";
import { checkOwnTolerances } from "./golden/own-tolerances.ts";
import { refuseRandomAnswers } from "./golden/refuse-random-answers.ts";
import { magnitudeOf, SMALLEST_MAGNITUDE } from "./golden/tolerance.ts";
import { packImages } from "./images/pack-images.ts";
import { keepTensorOutputs } from "./onnx/keep-tensor-outputs.ts";
import { type SplitModel, splitModel } from "./onnx/split-model.ts";
import type { PackOptions, PackProgress, PackResult } from "./pack-options.ts";
import { readProvenance } from "./provenance.ts";
import type { PackedVariant } from "./quantize/make-variant.ts";
import type { PackableDtype } from "./quantize/recipes.ts";
import { makeReference } from "./reference/make-reference.ts";
import { readReference } from "./reference/read-reference.ts";
import { BaseVersion } from "./registry/base-version.ts";
import { publishPack } from "./registry/publish-pack.ts";
import { ModelFolder } from "./registry/registry.ts";
import { storedBlobs } from "./registry/stored-blobs.ts";
import { readReleaseTests } from "./release-tests/read-release-tests.ts";
import { testRelease } from "./release-tests/test-release.ts";
import type { EngineSource } from "./runtime/open-session.ts";
import { withRuntime } from "./runtime/with-runtime.ts";
import { readSigningKey } from "./signing/key-file.ts";
import { signPack } from "./signing/sign-pack.ts";
import type { ModelSource } from "./sources/model-source.ts";
import { openSource } from "./sources/open-source.ts";
import { packTfjsVariants } from "./tfjs/pack-tfjs-variants.ts";
import { splitTfjsModel } from "./tfjs/split-tfjs-model.ts";
import { limitBackends } from "./variants/limit-backends.ts";
import { packVariants } from "./variants/pack-variants.ts";

/** A manifest larger than this is worth a warning. */
const MANIFEST_GOAL = 64 * 1024;

/**
 * Packs a model into a registry. What other versions of the model hold already is not stored
 * again. The same file packed twice gives the same bytes: they depend on the options and on the
 * versions that were there when this one was first packed.
 *
 * @throws SelvedgeError
 * - `model-invalid`, `model-unsupported`: the file is damaged, not ONNX, or holds what cannot be packed;
 *   or a precision does not become smaller than fp32, or its answers are too far off
 * - `golden-failed`: the packed model does not answer as the original does
 * - `tests-failed`: a precision falls short of a metric, or a regression case does not hold
 * - `version-exists`: the version is there with other bytes; nothing was changed
 * - `not-found`: there is no such base, or no such file
 * - `registry-invalid`: the registry cannot be written, or what it shares with this version is damaged
 * - `key-invalid`: the key cannot sign; nothing was changed
 *
 * @example
 * ```ts
 * await pack({ model: "rec.onnx", name: "ocr-rec", version: "1.0.0", registry: "registry" });
 * ```
 */
export async function pack(options: PackOptions): Promise<PackResult> {
  return await withRuntime(options, () => packModel(options));
}

async function packModel(options: PackOptions): Promise<PackResult> {
  const { name, version, registry, signal } = options;
  const enter = (phase: PackProgress["phase"], dtype?: PackableDtype): void => {
    signal?.throwIfAborted();
    options.onProgress?.(dtype === undefined ? { phase } : { phase, dtype });
  };
  const { dtypes = ["fp32"] } = options;
  checkMaxError(options.maxError);
  const folder = new ModelFolder(registry, name);
  folder.manifestFile(version);
  const base = await openBase(folder, options);
  // Before anything is done that would have to be undone.
  const key = options.key === undefined ? undefined : await readSigningKey(options.key);
  const provenance = await readProvenance(folder, options);

  checkOwnTolerances(options.tolerance ?? {}, dtypes);

  enter("read");
  const opened = await openSource(options.model, options.file);
  const attached = await readAttachments(options.attachments ?? []);
  const given =
    options.golden === undefined
      ? opened.inputs?.map((inputs) => ({ inputs }))
      : await readCases(options.golden, "Golden file");

  enter("split");
  const { original, split, source, onnx, notes } = await prepare(opened, options);
  if (options.golden !== undefined)
    checkCases(given ?? [], split.declared, `Golden file ${basename(options.golden)}`);
  const tests = await readReleaseTests(options, split.declared);
  const examples = options.reference && (await readReference(options.reference, split.declared));

  enter("golden");
  const bare: EngineSource = {
    engine: original.engine,
    graph: split.graph,
    weights: new Map(split.tensors.map((tensor) => [tensor.sha256, tensor.range ?? tensor.bytes])),
  };
  const answers = await goldenAnswers({
    original,
    split: bare,
    declared: split.declared,
    given,
    tolerance: options.tolerance?.["wasm"],
    candidates: opened.candidates,
    signal,
  });
  if (onnx !== undefined) await refuseRandomAnswers(onnx, bare, answers);
  const golden = await calibrate(original, answers, options.tolerance, signal);

  if (examples) enter("reference");
  const { declared } = split;
  const told = examples && (await makeReference(original, examples, { declared, signal }));

  const makeVariants = opened.engine === "tfjs" ? packTfjsVariants : packVariants;
  const { variants: made, warnings } = await makeVariants({
    dtypes,
    original: original.graph,
    fp32: split,
    golden,
    maxError: options.maxError,
    base,
    onDtype: (dtype) => enter("quantize", dtype),
  });
  const variants = onnx?.graph === undefined ? made : limitBackends(made, onnx.graph);

  const tested = await testRelease(tests, variants, {
    golden,
    onProgress: (test) => options.onProgress?.({ phase: "test", test }),
    signal,
  });

  const { images = "never" } = options;
  if (images !== "never") enter("images");
  const imaged = await packImages(tested.variants, {
    images,
    golden: golden.cases,
    isSigned: key !== undefined,
  });

  enter("write");
  const assembled = await assemblePack({
    name,
    version,
    license: options.license ?? opened.license ?? "unknown",
    provenance: { source, ...provenance },
    declared: split.declared,
    ...tested,
    variants: imaged.variants,
    ...(told ? { reference: told.reference } : {}),
    attachments: withOwn(opened.attachments, attached),
    golden,
    stored: await storedBlobs(folder, version),
    base,
  });
  const { manifest, digest, manifestBytes } = assembled;
  const signature = key && (await signPack(folder, { manifest, digest }, key));
  const { outcome, written } = await publishPack(folder, assembled, { signature, signal });
  const content = blobsOf(manifest).reduce((sum, blob) => sum + blob.bytes, 0);
  const bytes = { manifest: manifestBytes.length, content, written };
  return {
    manifest,
    digest,
    outcome,
    ...(key === undefined ? {} : { signature: signature === undefined ? "unchanged" : "written" }),
    bytes,
    ...(base === undefined ? {} : { scales: scalesOf(variants) }),
    warnings: [
      ...opened.notes,
      ...notes,
      ...warnings,
      ...golden.warnings,
      ...(told ? told.warnings : []),
      ...imaged.warnings,
      ...warningsAbout(bytes, golden),
    ],
  };
}

/** A model as its engine runs it, and the same without its weights. */
interface PreparedModel {
  readonly original: EngineSource;
  readonly split: SplitModel;
  /** Where it came from, as the manifest tells it. */
  readonly source: Provenance["source"];
  /** One that is ONNX, without its weights. */
  readonly onnx?: ModelProto;
  readonly notes: readonly string[];
}

async function prepare(opened: ModelSource, options: PackOptions): Promise<PreparedModel> {
  if (opened.engine === "tfjs") {
    const { model, original, source } = opened;
    const split = await splitTfjsModel(model, original.weights);
    return { original, split, source, notes: [] };
  }
  const { kept, notes } = keepTensorOutputs(opened.model);
  const { model, bytes, streamed, source } = kept;
  if (streamed !== undefined) refuseQuantizing(options);
  const split = await splitModel(model, streamed?.ranges);
  const original: EngineSource = {
    engine: "onnx",
    graph: bytes,
    weights: streamed?.weights ?? new Map(),
  };
  return { original, split, source, onnx: model, notes };
}

function checkMaxError(maxError: number | undefined): void {
  if (maxError === undefined || (maxError > 0 && maxError < 1)) return;
  throw new SelvedgeError(
    "options-invalid",
    `An error of ${maxError} cannot be allowed: it is a share of fp32's answers, more than 0 and less than 1, such as 0.1.`,
  );
}

/** Recipes hold a model several times over. */
function refuseQuantizing({ model, dtypes = ["fp32"] }: PackOptions): void {
  const other = dtypes.find((dtype) => dtype !== "fp32");
  if (other !== undefined)
    throw new SelvedgeError(
      "model-unsupported",
      `${model}: its weights take more than 1 GiB, which is too much to make ${other} of. Pack it in fp32 alone, or export a smaller model.`,
    );
}

async function openBase(
  folder: ModelFolder,
  { name, version, base }: PackOptions,
): Promise<BaseVersion | undefined> {
  if (base !== version) return base === undefined ? undefined : BaseVersion.open(folder, base);
  throw new SelvedgeError(
    "options-invalid",
    `${name}@${version} cannot be its own base. Name the version that devices have now.`,
  );
}

function scalesOf(variants: readonly PackedVariant[]): NonNullable<PackResult["scales"]> {
  return variants.flatMap(({ dtype, scales }) =>
    scales === undefined || scales.all === 0 ? [] : [{ dtype, ...scales }],
  );
}

function warningsAbout({ manifest }: PackResult["bytes"], golden: GoldenSet): string[] {
  const warnings: string[] = [];
  if (manifest > MANIFEST_GOAL)
    warnings.push(
      `The manifest takes ${Math.ceil(manifest / 1024)} KB, and devices fetch it with every new version. Fewer, larger tensors would make it smaller.`,
    );
  const magnitude = magnitudeOf(typicalOf(golden.cases).flatMap(({ outputs }) => outputs));
  if (magnitude < SMALLEST_MAGNITUDE)
    warnings.push(
      `No golden answer is larger than ${magnitude.toPrecision(2)}, so they prove little. Give inputs that the model has an answer to with --golden FILE.`,
    );
  return warnings;
}

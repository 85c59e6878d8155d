import {
  type FeatureValue,
  MAX_FEATURES,
  MAX_REFERENCE_BYTES,
  measure,
  type Reference,
  type ReferenceFeature,
  SelvedgeError,
  valueCount,
} from "@selvedge/protocol";
import { nameOfCase } from "../golden/cases-file.ts";
import { messageOf } from "../message-of.ts";
import type { DeclaredSignature } from "../onnx/signature.ts";
import { type EngineSource, openSession } from "../runtime/open-session.ts";
import { type Example, exampleTensor } from "./example.ts";
import { binned, categoryBins, numberBins } from "./feature-bins.ts";
import { type FeaturePlan, planFeatures } from "./plan-features.ts";
import type { ReferenceFile } from "./read-reference.ts";

/** Of one tensor no more values than these count: a large one says little more than some of it. */
const MOST_VALUES = 1_000;

/** From fewer examples than these, chance alone makes a reference that is off. */
const GOOD_SAMPLES = 300;

/** What a model's inputs and outputs are like, and what is worth knowing about that. */
export interface MadeReference {
  readonly reference: Reference;
  readonly warnings: readonly string[];
}

/**
 * Runs a model over examples, and tells how its inputs and outputs were distributed. The same examples
 * give the same reference.
 *
 * @throws SelvedgeError `options-invalid` where the model does not run on an example, or two features
 * have one name, or the reference would be too large.
 */
export async function makeReference(
  model: EngineSource,
  { cases, names }: ReferenceFile,
  { declared, signal }: { declared: DeclaredSignature; signal?: AbortSignal | undefined },
): Promise<MadeReference> {
  const examples = await runAll(model, cases, signal);
  const planned = planFeatures(examples, declared, names);
  const features = planned
    .flatMap((plan) => featureOf(plan, examples) ?? [])
    .slice(0, MAX_FEATURES);
  const samples = examples.reduce((sum, example) => sum + sizeOf(example, declared), 0);
  const reference = { samples, features };
  refuseUnfit(reference);
  return { reference, warnings: warningsAbout(reference, planned) };
}

async function runAll(
  model: EngineSource,
  cases: ReferenceFile["cases"],
  signal: AbortSignal | undefined,
): Promise<Example[]> {
  const session = await openSession(model);
  try {
    const examples: Example[] = [];
    for (const [index, item] of cases.entries()) {
      signal?.throwIfAborted();
      const outputs = await session.run(item.inputs).catch((cause: unknown) => {
        if (cause instanceof SelvedgeError) throw cause;
        throw new SelvedgeError(
          "options-invalid",
          `The model does not run on ${nameOfCase(item, index)} of the reference: ${messageOf(cause)}. Take it out of the file, or mend it.`,
          { cause },
        );
      });
      examples.push({
        inputs: item.inputs.map(exampleTensor),
        outputs: outputs.map(exampleTensor),
      });
    }
    return examples;
  } finally {
    await session.close();
  }
}

/** @returns `undefined` where there is nothing to tell: no values, or none that make categories */
function featureOf(plan: FeaturePlan, examples: readonly Example[]): ReferenceFeature | undefined {
  const tensors = examples.flatMap((example) =>
    example[`${plan.side}s`].filter(({ name }) => name === plan.tensor),
  );
  const values = tensors.flatMap((tensor) => valuesOf(plan, tensor));
  if (!values.some((value) => value !== null)) return undefined;
  if (plan.measure === "value" || !["category", "class", "alphabet"].includes(plan.measure))
    return withBins(plan, values, numberBins(values));
  const classes = tensors[0]?.dims.at(-1) ?? 1;
  const bins = categoryBins(values, plan.measure, classes);
  if (bins !== undefined) return withBins(plan, values, bins);
  // Whole numbers that are too many to be categories are numbers like others.
  const isText = values.some((value) => typeof value === "string");
  return isText ? undefined : withBins({ ...plan, measure: "value" }, values, numberBins(values));
}

function withBins(
  { name, side, tensor, element, measure: what }: FeaturePlan,
  values: readonly FeatureValue[],
  bins: Pick<ReferenceFeature, "edges" | "range" | "categories">,
): ReferenceFeature {
  return {
    name,
    side,
    tensor,
    ...(element === undefined ? {} : { element }),
    measure: what,
    ...bins,
    ...binned(values, bins),
  };
}

/** A tensor's values, evenly chosen where they are many. */
function valuesOf(plan: FeaturePlan, tensor: Example["inputs"][number]): FeatureValue[] {
  const all = valueCount(plan, tensor);
  const count = Math.min(all, MOST_VALUES);
  return Array.from({ length: count }, (_, i) =>
    measure(plan, tensor, Math.floor(((i + 0.5) * all) / count)),
  );
}

/** A batch is as many examples as it holds, where the model leaves its size open. */
function sizeOf({ inputs }: Example, declared: DeclaredSignature): number {
  const [first] = inputs;
  const dims = declared.inputs.find(({ name }) => name === first?.name)?.dims;
  return dims?.[0] === -1 ? (first?.dims[0] ?? 1) : 1;
}

function refuseUnfit(reference: Reference): void {
  const names = reference.features.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined)
    throw new SelvedgeError(
      "options-invalid",
      `Two features of the reference are called "${twice}". Give them names that differ, under "features" of the reference file.`,
    );
  const { length } = new TextEncoder().encode(JSON.stringify(reference));
  if (length > MAX_REFERENCE_BYTES)
    throw new SelvedgeError(
      "options-invalid",
      `The reference would take ${length} bytes of the manifest, and ${MAX_REFERENCE_BYTES} is the limit. Give its features shorter names.`,
    );
}

function warningsAbout({ samples }: Reference, planned: readonly FeaturePlan[]): string[] {
  return [
    ...(samples < GOOD_SAMPLES
      ? [
          `The reference was taken from ${samples} examples, so that drift has to be large to be told from chance. Give ${GOOD_SAMPLES} or more.`,
        ]
      : []),
    ...(planned.length > MAX_FEATURES
      ? [`The reference tells of the first ${MAX_FEATURES} of ${planned.length} features.`]
      : []),
  ];
}

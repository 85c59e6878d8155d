import { SelvedgeError } from "@selvedge/protocol";
import { messageOf } from "../message-of.ts";
import type { NamedTensor } from "../named-tensor.ts";
import type { DeclaredSignature } from "../onnx/signature.ts";
import type { Session } from "../runtime/worker-session.ts";
import { answerTo } from "./answer-to.ts";
import type { Golden } from "./golden.ts";
import { edgeInputs, goldenInputs } from "./golden-inputs.ts";
import { notFiniteAt } from "./not-finite-at.ts";
import { magnitudeOf, SMALLEST_MAGNITUDE } from "./tolerance.ts";
import { unlessRefused } from "./unless-refused.ts";

/** Golden tensors travel with every download: sizes whose answers are larger are passed over. */
const ANSWER_BYTES = 64 * 1024;

/** What does not travel may be larger, and tell more. */
const PROBE_BYTES = 256 * 1024;

/** What all edge cases may add to a download, and as a share of the model. */
const EDGE_BYTES = 32 * 1024;
const EDGE_SHARE = 0.01;

/** What golden inputs are made from besides a signature. */
export interface GoldenOptions {
  readonly modelBytes: number;
  /** Inputs to try before those that are made. */
  readonly candidates?: readonly (readonly NamedTensor[])[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes golden inputs from a signature and runs the model on them: a typical case, one to measure
 * errors with where that had to be small, and edge cases as far as they are small enough to travel.
 *
 * @throws SelvedgeError `golden-failed` where the model runs on none of them.
 */
export async function makeGolden(
  session: Session,
  declared: DeclaredSignature,
  { modelBytes, candidates = [], signal }: GoldenOptions,
): Promise<Golden[]> {
  const { typical, probe } = await typicalCase(session, inputsToTry(candidates, declared), signal);
  const cases: Golden[] = probe === undefined ? [typical] : [typical, { ...probe, role: "probe" }];
  let left = Math.min(EDGE_BYTES, EDGE_SHARE * modelBytes);
  for (const [index, tries] of edgeInputs(declared, left).entries())
    for (const inputs of tries) {
      signal?.throwIfAborted();
      // The largest sizes, which come last, say something new only where they are larger.
      const isNew = index < 2 || bytesOf(inputs) > bytesOf(typical.inputs);
      if (!isNew || bytesOf(inputs) > left) continue;
      const outputs = await unlessRefused(session.run(inputs));
      if (outputs === undefined) continue;
      const bytes = bytesOf(inputs) + bytesOf(outputs);
      if (bytes > left) continue;
      if (outputs.every((output) => notFiniteAt(output) === undefined)) {
        cases.push({ inputs, outputs, role: "edge" });
        left -= bytes;
      }
      break;
    }
  return cases;
}

function* inputsToTry(
  candidates: readonly (readonly NamedTensor[])[],
  declared: DeclaredSignature,
): Generator<readonly NamedTensor[]> {
  yield* candidates;
  yield* goldenInputs(declared);
}

async function typicalCase(
  session: Session,
  toTry: Iterable<readonly NamedTensor[]>,
  signal: AbortSignal | undefined,
): Promise<{ typical: Golden; probe?: Golden }> {
  let probe: Golden | undefined;
  let smallest: Golden | undefined;
  let weak: Golden | undefined;
  let refusal: unknown;
  for (const inputs of toTry) {
    signal?.throwIfAborted();
    try {
      const golden = await answerTo(session, inputs);
      const bytes = bytesOf(golden.outputs);
      const isTelling = magnitudeOf(golden.outputs) >= SMALLEST_MAGNITUDE;
      if (isTelling && bytes <= PROBE_BYTES) probe ??= golden;
      if (smallest === undefined || bytes < bytesOf(smallest.outputs)) smallest = golden;
      if (bytes > ANSWER_BYTES) continue;
      if (isTelling)
        return probe === undefined || probe === golden
          ? { typical: golden }
          : { typical: golden, probe };
      weak ??= golden;
    } catch (error) {
      if (error instanceof SelvedgeError) throw error;
      refusal ??= error;
    }
  }
  const typical = probe ?? weak ?? smallest;
  if (typical !== undefined) return { typical };
  throw new SelvedgeError(
    "golden-failed",
    `The model ran on none of the inputs made for it: ${messageOf(refusal)}. Give inputs that it takes with --golden FILE.`,
    { cause: refusal },
  );
}

function bytesOf(tensors: readonly NamedTensor[]): number {
  return tensors.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

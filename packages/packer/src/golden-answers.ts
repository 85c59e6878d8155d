import { SelvedgeError, type Tolerance } from "@selvedge/protocol";
import { type Case, nameOfCase } from "./cases-file.ts";
import type { Golden } from "./golden.ts";
import { goldenInputs } from "./golden-inputs.ts";
import { messageOf } from "./message-of.ts";
import { elementsOf, type NamedTensor } from "./named-tensor.ts";
import { type EngineSource, openSession, runtimeTitle } from "./open-session.ts";
import type { DeclaredSignature } from "./signature.ts";
import { difference, tolerances } from "./tolerance.ts";
import type { Session } from "./worker-session.ts";

/** Golden tensors travel with every download: sizes whose answers are larger are passed over. */
const ANSWER_BYTES = 256 * 1024;

/** Taking weights out must not change an answer; only the order of a sum may. */
const SAME: Tolerance = { absolute: 1e-6, relative: 1e-5 };

/**
 * Runs a split model on golden inputs, as a browser will, and holds its answers against the ones of
 * the model it came from.
 *
 * @param given inputs to use; without them, the first that the model takes is: of the candidates, then
 * of those made from the signature
 * @throws SelvedgeError `golden-failed` when the answers differ or cannot be compared,
 * `model-unsupported` when its engine cannot run the model.
 */
export async function goldenAnswers(options: {
  original: EngineSource;
  split: EngineSource;
  declared: DeclaredSignature;
  given?: readonly Case[] | undefined;
  candidates?: readonly (readonly NamedTensor[])[] | undefined;
  signal?: AbortSignal | undefined;
}): Promise<Golden[]> {
  const { original, split, declared, given, candidates = [], signal } = options;
  const expected = await withSession(original, "the model", (session) =>
    given === undefined
      ? firstThatRuns(session, inputsToTry(candidates, declared), signal)
      : runEach(session, given, signal),
  );
  return await withSession(split, "the model without its weights", async (session) => {
    const cases: Golden[] = [];
    for (const { inputs, outputs } of expected) {
      signal?.throwIfAborted();
      const answers = await session.run(inputs).catch((cause: unknown) => {
        if (cause instanceof SelvedgeError) throw cause;
        throw new SelvedgeError(
          "golden-failed",
          `The model does not run without its weights, though it does with them: ${messageOf(cause)}. Export it again, and report this as a bug if that changes nothing.`,
          { cause },
        );
      });
      for (const golden of outputs) {
        const answer = answers.find(({ name }) => name === golden.name);
        refuseIncomparable(golden);
        const wrong = difference(answer, golden, SAME);
        if (wrong !== undefined)
          throw new SelvedgeError(
            "golden-failed",
            `Packing changed what the model answers: ${wrong}. If the model draws random numbers, it cannot be packed; if not, report this as a bug.`,
          );
      }
      cases.push({ inputs, outputs: answers });
    }
    return cases;
  });
}

async function withSession<T>(
  source: EngineSource,
  what: string,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(source).catch((cause: unknown) => {
    if (cause instanceof SelvedgeError) throw cause;
    throw new SelvedgeError(
      "model-unsupported",
      `${runtimeTitle(source.engine)} cannot load ${what}: ${messageOf(cause)}.`,
      { cause },
    );
  });
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

function* inputsToTry(
  candidates: readonly (readonly NamedTensor[])[],
  declared: DeclaredSignature,
): Generator<readonly NamedTensor[]> {
  yield* candidates;
  yield* goldenInputs(declared);
}

async function firstThatRuns(
  session: Session,
  toTry: Iterable<readonly NamedTensor[]>,
  signal: AbortSignal | undefined,
): Promise<Golden[]> {
  let smallest: Golden | undefined;
  let refusal: unknown;
  for (const inputs of toTry) {
    signal?.throwIfAborted();
    try {
      const golden = { inputs, outputs: await session.run(inputs) };
      if (bytesOf(golden) <= ANSWER_BYTES) return [golden];
      if (smallest === undefined || bytesOf(golden) < bytesOf(smallest)) smallest = golden;
    } catch (error) {
      if (error instanceof SelvedgeError) throw error;
      refusal ??= error;
    }
  }
  if (smallest !== undefined) return [smallest];
  throw new SelvedgeError(
    "golden-failed",
    `The model ran on none of the inputs made for it: ${messageOf(refusal)}. Give inputs that it takes with --golden FILE.`,
    { cause: refusal },
  );
}

async function runEach(
  session: Session,
  given: readonly Case[],
  signal: AbortSignal | undefined,
): Promise<Golden[]> {
  const cases: Golden[] = [];
  for (const [index, item] of given.entries()) {
    const { inputs } = item;
    signal?.throwIfAborted();
    try {
      const outputs = await session.run(inputs);
      refuseUnexpected(item, index, outputs);
      cases.push({ inputs, outputs });
    } catch (cause) {
      if (cause instanceof SelvedgeError) throw cause;
      throw new SelvedgeError(
        "golden-failed",
        `The model does not run on golden ${nameOfCase(item, index)}: ${messageOf(cause)}. Give inputs that it takes with --golden FILE.`,
        { cause },
      );
    }
  }
  return cases;
}

/** What was expected is held against what onnxruntime-web answers, and only that is recorded. */
function refuseUnexpected(item: Case, index: number, answers: readonly NamedTensor[]): void {
  for (const expected of item.outputs ?? []) {
    const answer = answers.find(({ name }) => name === expected.name);
    const { wasm = SAME } = tolerances([expected]);
    const wrong = difference(answer, expected, wasm);
    if (wrong !== undefined)
      throw new SelvedgeError(
        "golden-failed",
        `The model does not answer golden ${nameOfCase(item, index)} as the file expects: ${wrong}, more than the ${wasm.absolute} and ${100 * wasm.relative}% that may be. Correct the golden file, or pack the model that it is for.`,
      );
  }
}

function refuseIncomparable(golden: NamedTensor): void {
  const values = elementsOf(golden);
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(Number(values[i])))
      throw new SelvedgeError(
        "golden-failed",
        `Output "${golden.name}" is ${values[i]} at element ${i} for the golden inputs, which no device can be held to. Give inputs with finite answers with --golden FILE.`,
      );
}

function bytesOf({ outputs }: Golden): number {
  return outputs.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

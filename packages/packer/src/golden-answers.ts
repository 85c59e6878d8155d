import { SelvedgeError, type Tolerance } from "@selvedge/protocol";
import type { Golden } from "./golden.ts";
import { goldenInputs } from "./golden-inputs.ts";
import { messageOf } from "./message-of.ts";
import { elementsOf, type NamedTensor } from "./named-tensor.ts";
import { openSession, type Session, type SessionSource } from "./onnx-runtime.ts";
import type { DeclaredSignature } from "./signature.ts";
import { difference } from "./tolerance.ts";

/** Golden tensors travel with every download: sizes whose answers are larger are passed over. */
const ANSWER_BYTES = 256 * 1024;

/** Taking weights out must not change an answer; only the order of a sum may. */
const SAME: Tolerance = { absolute: 1e-6, relative: 1e-5 };

/**
 * Runs a split model on golden inputs, as a browser will, and holds its answers against the ones of
 * the model it came from.
 *
 * @param given inputs to use; without them, some are made from the signature
 * @throws SelvedgeError `golden-failed` when the answers differ or cannot be compared,
 * `model-unsupported` when onnxruntime-web cannot run the model.
 */
export async function goldenAnswers(options: {
  original: SessionSource;
  split: SessionSource;
  declared: DeclaredSignature;
  given?: readonly (readonly NamedTensor[])[] | undefined;
  signal?: AbortSignal | undefined;
}): Promise<Golden[]> {
  const { original, split, declared, given, signal } = options;
  const expected = await withSession(original, "the model", (session) =>
    given === undefined
      ? firstThatRuns(session, declared, signal)
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
  source: SessionSource,
  what: string,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(source).catch((cause: unknown) => {
    throw new SelvedgeError(
      "model-unsupported",
      `onnxruntime-web cannot load ${what}: ${messageOf(cause)}.`,
      { cause },
    );
  });
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

async function firstThatRuns(
  session: Session,
  declared: DeclaredSignature,
  signal: AbortSignal | undefined,
): Promise<Golden[]> {
  let smallest: Golden | undefined;
  let refusal: unknown;
  for (const inputs of goldenInputs(declared)) {
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
  given: readonly (readonly NamedTensor[])[],
  signal: AbortSignal | undefined,
): Promise<Golden[]> {
  const cases: Golden[] = [];
  for (const [index, inputs] of given.entries()) {
    signal?.throwIfAborted();
    try {
      cases.push({ inputs, outputs: await session.run(inputs) });
    } catch (cause) {
      if (cause instanceof SelvedgeError) throw cause;
      throw new SelvedgeError(
        "golden-failed",
        `The model does not run on golden case ${index}: ${messageOf(cause)}. Correct the golden file.`,
        { cause },
      );
    }
  }
  return cases;
}

function refuseIncomparable(golden: NamedTensor): void {
  if (golden.dtype === "string") return;
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

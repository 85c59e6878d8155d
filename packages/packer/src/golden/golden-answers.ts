import { SelvedgeError, type Tolerance } from "@selvedge/protocol";
import { messageOf } from "../message-of.ts";
import { elementsOf, type NamedTensor } from "../named-tensor.ts";
import type { DeclaredSignature } from "../onnx/signature.ts";
import { type EngineSource, openSession, runtimeTitle } from "../runtime/open-session.ts";
import type { Session } from "../runtime/worker-session.ts";
import { type Case, nameOfCase } from "./cases-file.ts";
import type { Golden } from "./golden.ts";
import { makeGolden } from "./make-golden.ts";
import { notFiniteAt } from "./not-finite-at.ts";
import { difference, tolerances } from "./tolerance.ts";

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
  /** How far what the file expects may be from what is answered. */
  tolerance?: Tolerance | undefined;
  signal?: AbortSignal | undefined;
}): Promise<Golden[]> {
  const { original, split, declared, given, candidates, tolerance, signal } = options;
  const expected = await withSession(original, "the model", (session) =>
    given === undefined
      ? makeGolden(session, declared, { modelBytes: bytesOf(split), candidates, signal })
      : runEach(session, given, { tolerance, signal }),
  );
  return await withSession(split, "the model without its weights", async (session) => {
    const cases: Golden[] = [];
    for (const item of expected) {
      const { inputs, outputs } = item;
      signal?.throwIfAborted();
      const answers = await session.run(inputs).catch((cause: unknown) => {
        if (cause instanceof SelvedgeError) throw cause;
        throw new SelvedgeError(
          "golden-failed",
          `The model does not run without its weights, though it does with them: ${messageOf(cause)}. Export it again, and report this as a bug if that changes nothing.`,
          { cause },
        );
      });
      outputs.forEach(refuseIncomparable);
      const [wrong] = outputs.flatMap((golden) => {
        const answer = answers.find(({ name }) => name === golden.name);
        return difference(answer, golden, SAME) ?? [];
      });
      if (wrong === undefined) cases.push({ ...item, outputs: answers });
      // Far from what a model is made for, rounding may decide between two answers.
      else if (item.role !== "edge")
        throw new SelvedgeError(
          "golden-failed",
          `Packing changed what the model answers: ${wrong}. If the model draws random numbers, it cannot be packed; if not, report this as a bug.`,
        );
    }
    return cases;
  });
}

function bytesOf({ graph, weights }: EngineSource): number {
  return [...weights.values()].reduce((sum, { length }) => sum + length, graph.length);
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
      `${runtimeTitle(source.engine)} cannot load ${what}: ${messageOf(cause)}. Mend what it says, and export the model again.`,
      { cause },
    );
  });
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

async function runEach(
  session: Session,
  given: readonly Case[],
  { tolerance, signal }: { tolerance: Tolerance | undefined; signal: AbortSignal | undefined },
): Promise<Golden[]> {
  const cases: Golden[] = [];
  for (const [index, item] of given.entries()) {
    const { inputs } = item;
    signal?.throwIfAborted();
    try {
      const outputs = await session.run(inputs);
      refuseUnexpected(outputs, { item, index, tolerance });
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

/** What was expected is held against what the runtime answers, and only that is recorded. */
function refuseUnexpected(
  answers: readonly NamedTensor[],
  { item, index, tolerance }: { item: Case; index: number; tolerance: Tolerance | undefined },
): void {
  for (const expected of item.outputs ?? []) {
    const answer = answers.find(({ name }) => name === expected.name);
    const allowed = tolerance ?? tolerances([expected]).wasm;
    const wrong = difference(answer, expected, allowed);
    if (wrong !== undefined)
      throw new SelvedgeError(
        "golden-failed",
        `The model does not answer golden ${nameOfCase(item, index)} as the file expects: ${wrong}, more than the ${allowed.absolute} and ${100 * allowed.relative}% that may be. Correct the golden file, or allow more with --tolerance wasm=ABSOLUTE,RELATIVE.`,
      );
  }
}

function refuseIncomparable(golden: NamedTensor): void {
  const at = notFiniteAt(golden);
  if (at !== undefined)
    throw new SelvedgeError(
      "golden-failed",
      `Output "${golden.name}" is ${elementsOf(golden)[at]} at element ${at} for the golden inputs, which no device can be held to. Give inputs with finite answers with --golden FILE.`,
    );
}

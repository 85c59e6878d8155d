import type { Model, Tensors } from "selvedge";
import { answerOf, INPUTS, inputOf, OUTPUTS } from "./model.ts";

/** How calls ended. */
export interface Ends {
  /** How many were answered as they should be. */
  readonly right: number;
  /** The numbers of those that were answered by something else. */
  readonly wrong: readonly number[];
  /** The codes of those that failed, with what was said. */
  readonly failed: readonly { readonly code: string; readonly message: string }[];
  /** Milliseconds from the first call to the last end. */
  readonly tookMs: number;
}

export interface CallOptions {
  /** The number of the first. @default 0 */
  readonly from?: number;
  /** What the version adds to each output. @default 0 */
  readonly bias?: number;
  /** How often each call asks the same, in rows of one input. @default 1 */
  readonly rows?: number;
  readonly timeoutMs?: number;
}

/** Makes calls all at once, and compares what each is answered with its own input. */
export async function callAtOnce(
  model: Model,
  count: number,
  { from = 0, bias = 0, rows = 1, ...options }: CallOptions = {},
): Promise<Ends> {
  const startedAt = performance.now();
  const calls = Array.from({ length: count }, (_, i) => from + i);
  const ends = await Promise.all(
    calls.map((call) =>
      model.predict(question(call, rows), options).then(
        ({ outputs }) => isRight(outputs, { call, bias, rows }) || call,
        (error: unknown) => error as Error & { code?: string },
      ),
    ),
  );
  return {
    right: ends.filter((end) => end === true).length,
    wrong: ends.filter((end) => typeof end === "number"),
    failed: ends
      .filter((end) => end instanceof Error)
      .map(({ name, code = name, message }) => ({ code, message })),
    tookMs: performance.now() - startedAt,
  };
}

/** Makes calls one after the other. */
export async function callInTurn(
  model: Model,
  count: number,
  { from = 0, ...options }: CallOptions = {},
): Promise<Ends> {
  const startedAt = performance.now();
  const ends: Ends[] = [];
  for (let call = from; call < from + count; call++)
    ends.push(await callAtOnce(model, 1, { ...options, from: call }));
  return {
    right: ends.reduce((sum, { right }) => sum + right, 0),
    wrong: ends.flatMap(({ wrong }) => wrong),
    failed: ends.flatMap(({ failed }) => failed),
    tookMs: performance.now() - startedAt,
  };
}

/** Resolves when something holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((go) => setTimeout(go, 20));
}

/** The code of what something is rejected with. */
export function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "none",
    ({ name, code = name }: Error & { code?: string }) => code,
  );
}

function question(call: number, rows: number): Tensors {
  const data = new Float32Array(rows * INPUTS);
  const one = inputOf(call);
  for (let row = 0; row < rows; row++) data.set(one, row * INPUTS);
  return { x: { type: "float32", data, dims: [rows, INPUTS] } };
}

/** Whether the first and the last row are right. A GPU may be off by a thousandth of what it adds up. */
function isRight(
  outputs: Tensors,
  { call, bias, rows }: { call: number; bias: number; rows: number },
): boolean {
  const data = outputs["y"]?.data;
  if (!(data instanceof Float32Array) || data.length !== rows * OUTPUTS) return false;
  const answer = answerOf(call, bias);
  return [0, rows - 1].every((row) =>
    answer.every((value, i) => Math.abs(value - (data[row * OUTPUTS + i] ?? Number.NaN)) < 1e-2),
  );
}

import type { Model, Selvedge, SelvedgeOptions, Tensor, Tensors } from "selvedge";
import { ensure } from "./ensure.ts";
import type { Facts } from "./facts.ts";
import type { ContractModel, Question, Questions, WrittenTensor } from "./question.ts";

/** How far an answer may be from the right one, as a share of its largest element, and no less than of 1. */
const PRECISE = 1e-3;

/** Someone on a fresh page, on a device that keeps nothing yet. */
export class Visit {
  readonly facts: Facts;
  readonly questions: Questions;
  /** The engine's script, for who starts it otherwise than the package does. */
  readonly engineScript: string;
  readonly #createSelvedge: (options: SelvedgeOptions) => Selvedge;
  readonly #opened: Selvedge[] = [];

  constructor(parts: {
    readonly facts: Facts;
    readonly questions: Questions;
    readonly engineScript: string;
    readonly createSelvedge: (options: SelvedgeOptions) => Selvedge;
  }) {
    this.facts = parts.facts;
    this.questions = parts.questions;
    this.engineScript = parts.engineScript;
    this.#createSelvedge = parts.createSelvedge;
  }

  /** Opens Selvedge on the registry of the contracts. */
  open(options: Partial<SelvedgeOptions> = {}): Selvedge {
    const selvedge = this.#createSelvedge({ registry: "/models", ...options });
    this.#opened.push(selvedge);
    return selvedge;
  }

  /** Closes what was opened. */
  async leave(): Promise<void> {
    for (const selvedge of this.#opened) await selvedge.close();
  }

  question(name: ContractModel, index = 0): Question {
    const question = this.questions.of[name][index];
    if (question === undefined) throw new Error(`${name} has no question ${index}`);
    return question;
  }

  /** What a question hands in. */
  inputs(name: ContractModel, index = 0): Tensors {
    const { inputs } = this.question(name, index);
    return Object.fromEntries(
      Object.entries(inputs).map(([input, written]) => [input, tensorOf(written)]),
    );
  }

  /** Asks a model a question, and holds the answer against the right one. */
  async ask(
    model: Model,
    { index = 0, off = PRECISE, ...options }: Asking = {},
  ): Promise<{ readonly outputs: Tensors }> {
    const name = model.info.name as ContractModel;
    const prediction = await model.predict(this.inputs(name, index), options);
    this.ensureRight(name, prediction.outputs, { index, off });
    return prediction;
  }

  /** @throws where outputs are not what a question comes to */
  ensureRight(
    name: ContractModel,
    outputs: Tensors,
    { index = 0, off = PRECISE }: Pick<Asking, "index" | "off"> = {},
  ): void {
    for (const [output, right] of Object.entries(this.question(name, index).right)) {
      const answer = outputs[output];
      if (answer === undefined) throw new Error(`${name} did not answer with ${output}`);
      ensureNear(`${output} of ${name}, question ${index},`, answer, right, off);
    }
  }
}

/** Which question to ask, how far off the answer may be, and what `predict` takes. */
interface Asking {
  readonly index?: number;
  readonly off?: number;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly transfer?: boolean;
}

function tensorOf({ type, values, dims }: WrittenTensor): Tensor {
  const data =
    type === "int64" ? BigInt64Array.from(values, BigInt) : Float32Array.from(values, Number);
  return { type, data, dims };
}

function ensureNear(what: string, answer: Tensor, right: WrittenTensor, off: number): void {
  ensure(
    `${answer.dims}` === `${right.dims}`,
    `${what} has dims ${answer.dims}, not ${right.dims}`,
  );
  const wanted = right.values.map(Number);
  const largest = Math.max(1, ...wanted.map(Math.abs));
  for (const [i, value] of wanted.entries()) {
    const given = Number(answer.data[i]);
    ensure(Math.abs(given - value) <= off * largest, `${what} is ${given} at ${i}, not ${value}`);
  }
}

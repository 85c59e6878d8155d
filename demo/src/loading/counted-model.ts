import type { Candidate, Model, Tensors, Truth } from "selvedge";

/** What a model answered, and the id by which it can be told what was true. */
interface Answer {
  readonly id: string;
  readonly outputs: Tensors;
}

/** A model as this page uses one: it says of every answer that it was given. */
export interface CountedModel {
  /** Where it runs now; a GPU may take over from WASM. */
  readonly backend: "wasm" | "webgpu";
  /** The build of the runtime that it runs in. */
  readonly build: Candidate["build"];
  /** @throws AbortError, SelvedgeError, as `Model.predict` does */
  predict(inputs: Tensors, signal?: AbortSignal): Promise<Answer>;
  /**
   * Says what was true of an answer.
   *
   * @returns whether it is counted: not where nothing is ever sent
   * @throws SelvedgeError as `Model.feedback` does
   */
  feedback(id: string, truth: Truth): Promise<boolean>;
  attachment(name: string): Promise<Uint8Array>;
}

export function countAnswers(model: Model, onAnswer: () => void): CountedModel {
  return {
    get backend() {
      return model.info.backend;
    },
    get build() {
      const { backend, candidates } = model.info;
      return candidates.find(({ state }) => state === "serving")?.build ?? backend;
    },
    async predict(inputs, signal) {
      const { id, outputs } = await model.predict(inputs, signal === undefined ? {} : { signal });
      onAnswer();
      return { id, outputs };
    },
    feedback: (id, truth) => model.feedback(id, truth),
    attachment: (name) => model.attachment(name),
  };
}

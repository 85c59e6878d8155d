import type { Candidate, Model, Tensors } from "selvedge";

/** A model as this page uses one: it says of every answer that it was given. */
export interface CountedModel {
  /** Where it runs now; a GPU may take over from WASM. */
  readonly backend: "wasm" | "webgpu";
  /** The build of the runtime that it runs in. */
  readonly build: Candidate["build"];
  /** @throws AbortError, SelvedgeError, as `Model.predict` does */
  predict(inputs: Tensors, signal?: AbortSignal): Promise<Tensors>;
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
      const { outputs } = await model.predict(inputs, signal === undefined ? {} : { signal });
      onAnswer();
      return outputs;
    },
    attachment: (name) => model.attachment(name),
  };
}

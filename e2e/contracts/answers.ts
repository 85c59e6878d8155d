import type { Contracts } from "./contract.ts";
import { ensure, ensureSame, failureOf } from "./ensure.ts";

/** Models of several kinds answer, and answer rightly. */
export const ANSWERS: Contracts = {
  "a model tells the language of texts, by labels that travel with it": async (visit) => {
    const model = await visit.open().load("lande");
    const bytes = await model.attachment("languages.json");
    const languages: string[] = JSON.parse(new TextDecoder().decode(bytes));
    for (const [index, language] of visit.questions.languages.entries()) {
      const { outputs } = await visit.ask(model, { index });
      const probabilities = Array.from(outputs["probabilities"]?.data ?? [], Number);
      const likeliest = probabilities.indexOf(Math.max(...probabilities));
      ensureSame("the language", languages[likeliest], language);
    }
    const { code, message } = await failureOf(model.attachment("words.json"));
    ensureSame("the code for an attachment that is not there", code, "attachment-missing");
    ensure(message.includes("languages.json"), `it does not say what there is: ${message}`);
  },

  "a free dimension takes whatever size a call has, larger or smaller than before": async (
    visit,
  ) => {
    const model = await visit.open().load("rows");
    for (const index of [6, 0, 15, 2]) await visit.ask(model, { index });
  },

  "a model with a state is handed it back by each call, integers and all": async (visit) => {
    const model = await visit.open().load("meter");
    let { state } = visit.inputs("meter");
    for (const index of visit.questions.of.meter.keys()) {
      const inputs = visit.inputs("meter", index);
      ensure(state !== undefined, "there is no state to go on from");
      const { outputs } = await model.predict({ ...inputs, state });
      visit.ensureRight("meter", outputs, { index });
      state = outputs["stateN"];
    }
  },

  "every precision that may run in WASM answers like the precise one, and is the one that was asked for":
    async (visit) => {
      const selvedge = visit.open();
      for (const [dtype, off] of [
        ["fp32", 1e-3],
        ["fp16", 0.02],
        ["q8", 0.1],
      ] as const) {
        const model = await selvedge.load("lande", { dtype, backend: "wasm" });
        ensureSame("what serves", [model.info.dtype, model.info.backend], [dtype, "wasm"]);
        for (const index of visit.questions.languages.keys())
          await visit.ask(model, { index, off });
        await model.dispose();
      }
    },

  "a model of TensorFlow.js answers like one of ONNX": async (visit) => {
    const model = await visit.open().load("dense");
    ensureSame("the runtime", model.info.runtime.name, "tfjs");
    for (const index of visit.questions.of.dense.keys()) await visit.ask(model, { index });
  },

  "two models side by side answer their own questions": async (visit) => {
    const selvedge = visit.open();
    const [lande, rows] = await Promise.all([selvedge.load("lande"), selvedge.load("rows")]);
    await Promise.all(
      [0, 1, 2, 3].flatMap((index) => [visit.ask(lande, { index }), visit.ask(rows, { index })]),
    );
  },
};

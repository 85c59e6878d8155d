import type { Tensors } from "selvedge";
import type { Contracts } from "./contract.ts";
import { endOf, ensure, ensureSame } from "./ensure.ts";

/** Calls: refused, many at once, aborted, handed over. */
export const CALLS: Contracts = {
  "inputs that do not fit are refused by code, and the next call is answered": async (visit) => {
    const model = await visit.open().load("rows");
    const { x } = visit.inputs("rows");
    ensure(x !== undefined, "rows takes x");
    const cases: readonly (readonly [code: string, inputs: Tensors])[] = [
      ["input-missing", {}],
      ["input-unknown", { x, y: x }],
      ["input-type", { x: { ...x, type: "float64" } }],
      ["input-type", { x: { ...x, data: new Int32Array(x.data.length) } }],
      ["input-shape", { x: { ...x, dims: [...x.dims, 1] } }],
      ["input-shape", { x: { ...x, data: new Float32Array(x.data.length + 1) } }],
      ["input-shape", { x: { ...x, dims: [-1, x.data.length] } }],
    ];
    for (const [code, inputs] of cases)
      ensureSame(
        `what ${JSON.stringify(Object.keys(inputs))} ends in`,
        await endOf(model.predict(inputs)),
        code,
      );
    await visit.ask(model);
  },

  "sixteen calls at once are answered in order, each with its own answer": async (visit) => {
    const model = await visit.open().load("rows");
    const order: number[] = [];
    await Promise.all(
      [...visit.questions.of.rows.keys()].map(async (index) => {
        await visit.ask(model, { index });
        order.push(index);
      }),
    );
    ensureSame("the order of answers", order, [...visit.questions.of.rows.keys()]);
    ensureSame("how many there were", order.length, 16);
  },

  "a call that is aborted ends in AbortError, and those around it are answered": async (visit) => {
    const model = await visit.open().load("rows");
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = [0, 1, 2].map((index) => endOf(visit.ask(model, { index, signal })));
    const others = [3, 4, 5].map((index) => endOf(visit.ask(model, { index })));
    controller.abort();
    ensureSame("aborted calls", await Promise.all(aborted), Array(3).fill("AbortError"));
    ensureSame("the others", await Promise.all(others), Array(3).fill("answered"));
    ensureSame("a call aborted before", await endOf(visit.ask(model, { signal })), "AbortError");
  },

  "a load that is aborted ends in AbortError, and the next one loads": async (visit) => {
    const selvedge = visit.open();
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const { signal } = controller;
    const load = selvedge.load("lande", { signal, onProgress });
    ensureSame("the aborted load", await endOf(load), "AbortError");
    await visit.ask(await selvedge.load("lande"));
  },

  "inputs that are handed over are gone from the page, and answered all the same": async (
    visit,
  ) => {
    const model = await visit.open().load("rows");
    const inputs = visit.inputs("rows", 3);
    const { outputs } = await model.predict(inputs, { transfer: true });
    visit.ensureRight("rows", outputs, { index: 3 });
    ensureSame("what the page has left of its input", inputs["x"]?.data.length, 0);
    await visit.ask(model, { index: 4 });
  },
};

import type { Contracts } from "./contract.ts";
import { engineWorkers } from "./engine-workers.ts";
import { endOf, ensureSame } from "./ensure.ts";

/** Models end, engines end, and what comes after is as if nothing had been. */
export const LIFETIMES: Contracts = {
  "calls that wait when a model is disposed of end in disposed, and it loads again": async (
    visit,
  ) => {
    const selvedge = visit.open();
    const model = await selvedge.load("rows");
    const calls = [0, 1, 2, 3].map((index) => endOf(visit.ask(model, { index })));
    await Promise.all([model.dispose(), model.dispose()]);
    ensureSame("the calls", await Promise.all(calls), Array(4).fill("disposed"));
    ensureSame("a call after", await endOf(visit.ask(model)), "disposed");
    await model.dispose();
    await visit.ask(await selvedge.load("rows"));
  },

  "closing ends what is loaded and loading, refuses what comes later, and a new handle works":
    async (visit) => {
      const selvedge = visit.open();
      const model = await selvedge.load("rows");
      const call = endOf(visit.ask(model));
      const load = endOf(selvedge.load("lande"));
      await Promise.all([selvedge.close(), selvedge.close()]);
      ensureSame("a call and a load under way", [await call, await load], ["disposed", "closed"]);
      ensureSame("a load after", await endOf(selvedge.load("rows")), "closed");
      await visit.ask(await visit.open().load("rows"));
    },

  "an engine that is ended without a word fails no call but the one whose caller would not wait":
    async (visit) => {
      const { spawn, started } = engineWorkers(visit);
      const model = await visit.open({ workers: { engine: spawn } }).load("rows");
      await visit.ask(model);
      // Nobody is told of a worker that was ended from outside: a deadline has to find it.
      const impatient = endOf(visit.ask(model, { index: 1, timeoutMs: 1_500 }));
      const calls = [2, 3, 4, 5].map((index) => endOf(visit.ask(model, { index })));
      for (const worker of started) worker.terminate();
      ensureSame("the call that would not wait", await impatient, "engine-timeout");
      ensureSame("those behind it", await Promise.all(calls), Array(4).fill("answered"));
      await visit.ask(model);
    },

  "calls under an engine that reports an error are answered by a fresh one, each with its own answer":
    async (visit) => {
      const { spawn, started } = engineWorkers(visit);
      const model = await visit.open({ workers: { engine: spawn } }).load("rows");
      const calls = Array.from({ length: 16 }, (_, index) => endOf(visit.ask(model, { index })));
      const error = new ErrorEvent("error", { message: "out of memory" });
      for (const worker of [...started]) worker.dispatchEvent(error);
      ensureSame("the calls", await Promise.all(calls), Array(16).fill("answered"));
      await visit.ask(model);
    },

  "an engine that cannot start is a load that fails with a code, and the next load works": async (
    visit,
  ) => {
    const { spawn } = engineWorkers(visit);
    let isBroken = true;
    const engine = () =>
      isBroken ? new Worker("/no-such-engine.js", { type: "module" }) : spawn();
    const selvedge = visit.open({ workers: { engine } });
    ensureSame("the load", await endOf(selvedge.load("rows")), "engine-crashed");
    isBroken = false;
    await visit.ask(await selvedge.load("rows"));
  },
};

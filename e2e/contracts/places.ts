import type { Candidate, Model, ModelInfo } from "selvedge";
import type { Contracts } from "./contract.ts";
import { withoutInWorker } from "./engine-workers.ts";
import { ensure, ensureSame, failureOf } from "./ensure.ts";
import type { Facts } from "./facts.ts";

/** How a browser without one is spoken of. */
const NO_GPU = /no WebGPU|no GPU adapter/;

/** Where a model runs, why there, and why not elsewhere. */
export const PLACES: Contracts = {
  "WASM asked for by name is what serves": async (visit) => {
    const model = await visit.open().load("rows", { backend: "wasm" });
    await visit.ask(model);
    ensureServing(model, "wasm", visit.facts);
  },

  "WebGPU asked for by name serves once it has proven itself, or is refused with what is missing":
    async (visit) => {
      const selvedge = visit.open();
      const load = selvedge.load("lande", { backend: "webgpu", dtype: "fp32" });
      if (visit.facts.hasWebGpu) {
        const model = await load;
        ensureServing(model, "webgpu", visit.facts);
        for (const index of visit.questions.languages.keys()) await visit.ask(model, { index });
        return;
      }
      await ensureNoGpu(load);
      const { state, reasons } = await selvedge.availability("lande", { backend: "webgpu" });
      ensureSame("its availability there", state, "unavailable");
      ensure(NO_GPU.test(reasons.join()), `it does not say why: ${reasons.join()}`);
      await visit.ask(await selvedge.load("lande", { backend: "wasm" }));
    },

  "backends asked for in an order serve in that order, and the first that cannot says why": async (
    visit,
  ) => {
    const model = await visit.open().load("rows", { backend: ["webgpu", "wasm"] });
    for (const index of [0, 7]) await visit.ask(model, { index });
    ensureServing(model, visit.facts.hasWebGpu ? "webgpu" : "wasm", visit.facts);
    if (visit.facts.hasWebGpu) return;
    const [reason = ""] = reasonsOf(model.info, "webgpu");
    ensure(NO_GPU.test(reason), `it does not say what is missing: ${reason}`);
  },

  "a GPU with shader-f16 is given the variant that computes in it, and one without only what is stored in it":
    async (visit) => {
      let bytes = 0;
      const load = visit.open().load("rows", {
        backend: "webgpu",
        dtype: "fp16",
        onProgress({ total }) {
          bytes = Math.max(bytes, total);
        },
      });
      if (!visit.facts.hasWebGpu) return ensureNoGpu(load);
      const model = await load;
      ensureServing(model, "webgpu", visit.facts);
      ensureSame("the precision", model.info.dtype, "fp16");
      const { computed, stored } = visit.questions.halfBytes;
      ensureSame("the bytes it took", bytes, visit.facts.hasShaderF16 ? computed : stored);
      for (const index of [0, 5, 10]) await visit.ask(model, { index, off: 0.01 });
    },

  "left to itself, WASM serves at once, and what becomes of the GPU is said with its reason":
    async (visit) => {
      const model = await visit.open().load("lande");
      ensureSame("what serves first", model.info.backend, "wasm");
      await visit.ask(model);
      const { hasWebGpu, isFallbackAdapter } = visit.facts;
      await untilDecided(model);
      const reasons = reasonsOf(model.info, "webgpu").join("; ");
      if (!hasWebGpu) ensure(NO_GPU.test(reasons), `no GPU, but: ${reasons}`);
      else if (isFallbackAdapter) ensure(/fallback/.test(reasons), `a fallback, but: ${reasons}`);
      if (!hasWebGpu || isFallbackAdapter) ensureServing(model, "wasm", visit.facts);
      ensureReasons(model.info);
      await visit.ask(model);
    },

  "a GPU that passes for a real one is tried behind the first answers, and every call is right meanwhile":
    async (visit) => {
      passAsGpu();
      const model = await visit.open().load("lande");
      ensureSame("what serves first", model.info.backend, "wasm");
      await untilDecided(model, (turn) => visit.ask(model, { index: turn % 4 }));
      await visit.ask(model);
      ensureReasons(model.info);
      const serving = model.info.candidates.filter(({ state }) => state === "serving");
      ensureSame(
        "what serves",
        serving.map(({ backend }) => backend),
        [model.info.backend],
      );
      if (!visit.facts.hasWebGpu) ensureSame("what serves", model.info.backend, "wasm");
    },

  "a browser without JSPI and shared memory gets the same answers, in WASM and on a GPU": async (
    visit,
  ) => {
    const without = withoutInWorker(visit, ["WebAssembly.Suspending", "SharedArrayBuffer"]);
    const selvedge = visit.open({ workers: { engine: without.spawn } });
    const backends = visit.facts.hasWebGpu ? (["wasm", "webgpu"] as const) : (["wasm"] as const);
    for (const backend of backends) {
      const model = await selvedge.load("lande", { backend, dtype: "fp32" });
      ensureServing(model, backend, { hasJspi: false });
      await visit.ask(model);
      await model.dispose();
    }
  },

  "what the device is, what was tried and what was turned down can be read by a program, and by people":
    async (visit) => {
      const selvedge = visit.open();
      const model = await selvedge.load("rows");
      await untilDecided(model);
      const diagnosis = await selvedge.diagnose();
      const { facts } = visit;
      ensureSame("whether there is a GPU", diagnosis.device.gpu.found, facts.hasWebGpu);
      ensureSame("whether there is JSPI", diagnosis.device.hasJspi, facts.hasJspi);
      const [told] = diagnosis.models.filter(({ name }) => name === "rows");
      ensureSame("the candidates of rows", told?.candidates, model.info.candidates);
      const report = diagnosis.toString();
      for (const { reason } of model.info.candidates)
        ensure(report.includes(reason), `the report does not say: ${reason}`);
    },
};

/** @throws where it does not serve there, alone, in the runtime's build for it, and with a reason */
function ensureServing(
  { info }: Model,
  backend: ModelInfo["backend"],
  { hasJspi }: Pick<Facts, "hasJspi">,
): void {
  const builds = info.candidates.filter(({ state }) => state === "serving");
  const build = backend === "wasm" ? "wasm" : hasJspi ? "jspi" : "webgpu";
  ensureSame(
    "what serves, and in which build",
    builds.map((candidate) => [candidate.backend, candidate.build]),
    [[backend, build]],
  );
  ensureSame("what info says", info.backend, backend);
  ensureReasons(info);
}

function ensureReasons({ candidates }: ModelInfo): void {
  for (const { backend, state, reason } of candidates)
    ensure(reason.length > 0, `no reason is given why ${backend} is ${state}`);
}

const reasonsOf = ({ candidates }: ModelInfo, backend: string): string[] =>
  candidates.filter((candidate) => candidate.backend === backend).map(({ reason }) => reason);

/** @throws where a load did not end in a refusal that says that there is no GPU */
async function ensureNoGpu(load: Promise<Model>): Promise<void> {
  const { code, message } = await failureOf(load);
  ensureSame("the code where there is no GPU", code, "no-candidate");
  ensure(NO_GPU.test(message), `it does not say what is missing: ${message}`);
}

/**
 * Waits until it is decided whether a GPU serves the precision that WASM serves.
 *
 * @param meanwhile what happens until then, over and over
 */
async function untilDecided(
  model: Model,
  meanwhile: (turn: number) => Promise<unknown> = () => new Promise(requestAnimationFrame),
): Promise<void> {
  const { dtype } = model.info;
  const isDecided = (candidate: Candidate) =>
    candidate.backend === "webgpu" &&
    candidate.dtype === dtype &&
    !UNDECIDED.includes(candidate.state);
  for (let turn = 0; !model.info.candidates.some(isDecided); turn += 1) await meanwhile(turn);
}

const UNDECIDED: readonly string[] = ["proving", "waiting"];

/** Makes the page believe that a software adapter is a GPU. */
function passAsGpu(): void {
  if ("GPUAdapterInfo" in globalThis) {
    const { prototype } = globalThis.GPUAdapterInfo as { prototype: object };
    Object.defineProperty(prototype, "isFallbackAdapter", { get: () => false });
  }
}

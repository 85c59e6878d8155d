import type { Model, ModelInfo } from "selvedge";
import type { Contracts } from "./contract.ts";
import { withoutInWorker } from "./engine-workers.ts";
import { ensure, ensureSame, failureOf } from "./ensure.ts";

/** Where a model runs, why there, and why not elsewhere. */
export const PLACES: Contracts = {
  "WASM asked for by name is what serves": async (visit) => {
    const model = await visit.open().load("rows", { backend: "wasm" });
    await visit.ask(model);
    ensureServing(model, "wasm");
  },

  "WebGPU asked for by name serves once it has proven itself, or is refused with what is missing":
    async (visit) => {
      const selvedge = visit.open();
      const load = selvedge.load("lande", { backend: "webgpu", dtype: "fp32" });
      if (visit.facts.hasWebGpu) {
        const model = await load;
        ensureServing(model, "webgpu");
        for (const index of visit.questions.languages.keys()) await visit.ask(model, { index });
        return;
      }
      await ensureNoGpu(load);
      const { state, reasons } = await selvedge.availability("lande", { backend: "webgpu" });
      ensureSame("its availability there", state, "unavailable");
      ensure(/WebGPU|GPU adapter/.test(reasons.join()), `it does not say why: ${reasons.join()}`);
      await visit.ask(await selvedge.load("lande", { backend: "wasm" }));
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
      ensureServing(model, "webgpu");
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
      if (!hasWebGpu) ensure(/WebGPU|GPU adapter/.test(reasons), `no GPU, but: ${reasons}`);
      else if (isFallbackAdapter) ensure(/fallback/.test(reasons), `a fallback, but: ${reasons}`);
      if (!hasWebGpu || isFallbackAdapter) ensureServing(model, "wasm");
      ensureReasons(model.info);
      await visit.ask(model);
    },

  "a GPU that passes for a real one is tried behind the first answers, and every call is right meanwhile":
    async (visit) => {
      passAsGpu();
      const model = await visit.open().load("lande");
      ensureSame("what serves first", model.info.backend, "wasm");
      const asked = untilDecided(model, (turn) => visit.ask(model, { index: turn % 4 }));
      await asked;
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
      ensureServing(model, backend);
      await visit.ask(model);
      await model.dispose();
    }
  },
};

/** @throws where it does not serve there, alone, and with a reason */
function ensureServing({ info }: Model, backend: ModelInfo["backend"]): void {
  const serving = info.candidates.filter(({ state }) => state === "serving");
  ensureSame(
    "what serves",
    serving.map((candidate) => candidate.backend),
    [backend],
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
  ensure(/WebGPU|GPU adapter/.test(message), `it does not say what is missing: ${message}`);
}

/** Waits until nothing is being proven any more. @param meanwhile what happens until then, over and over */
async function untilDecided(
  model: Model,
  meanwhile: (turn: number) => Promise<unknown> = () => new Promise(requestAnimationFrame),
): Promise<void> {
  const isOpen = () => {
    const onGpu = model.info.candidates.filter(({ backend }) => backend === "webgpu");
    return onGpu.length === 0 || onGpu.some(({ state }) => UNDECIDED.includes(state));
  };
  for (let turn = 0; isOpen(); turn += 1) await meanwhile(turn);
}

const UNDECIDED: readonly string[] = ["proving", "waiting"];

/** Makes the page believe that a software adapter is a GPU. */
function passAsGpu(): void {
  if ("GPUAdapterInfo" in globalThis) {
    const { prototype } = globalThis.GPUAdapterInfo as { prototype: object };
    Object.defineProperty(prototype, "isFallbackAdapter", { get: () => false });
  }
}

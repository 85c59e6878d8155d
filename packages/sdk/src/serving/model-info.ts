import { RUNTIME_VERSION, TFJS_VERSION } from "../engine/runtime-files.ts";
import type { Candidate } from "../proving/candidate.ts";
import type { PackStorage } from "../worker/keeper-api.ts";
import type { EngineStart } from "./engine-start.ts";
import type { HostOpened } from "./pack-opener.ts";
import { type ModelMemory, modelMemory } from "./page-memory.ts";
import type { LoadTimings, Served } from "./served.ts";

/** What `model.info` says of each engine. */
const RUNTIMES = {
  onnx: { name: "onnxruntime-web", version: RUNTIME_VERSION },
  tfjs: { name: "tfjs", version: TFJS_VERSION },
} as const;

/** What a model is and where it runs. */
export interface ModelInfo {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the pack's manifest. */
  readonly digest: string;
  readonly dtype: string;
  readonly backend: "wasm" | "webgpu";
  readonly runtime: { readonly name: "onnxruntime-web" | "tfjs"; readonly version: string };
  readonly signature: HostOpened["signature"];
  /** The ids of the keys that signed the pack, where `publicKeys` were given; empty otherwise. */
  readonly signedBy: readonly string[];
  /** Every place it could run, and why it does or does not. */
  readonly candidates: readonly Candidate[];
  /** Where the pack is kept, and why it is not where it should be. */
  readonly storage: PackStorage;
  /** How its engine came to be: woken from an image, or loaded, and why. */
  readonly start: EngineStart;
  /** What it takes of this page's memory now. */
  readonly memory: ModelMemory;
  /** Milliseconds each phase of loading took. */
  readonly timings: LoadTimings;
}

/**
 * What is to be said of what serves.
 *
 * @param trust the digest of the trust anchors, where there are any
 */
export function modelInfo(served: Served, trust: string | undefined): ModelInfo {
  const { host, opened, timings, ladder, storage = { kind: "persistent" } } = served;
  const { name, version, digest, dtype, engine, signature } = opened;
  const runtime = RUNTIMES[engine];
  const { backend } = host;
  const signedBy = opened.signedBy[trust ?? ""] ?? [];
  const pack = { name, version, digest, dtype, signature, signedBy };
  const where = { backend, runtime, candidates: ladder.candidates, storage };
  const memory = modelMemory(host.memory, opened);
  return { ...pack, ...where, start: host.start, memory, timings };
}

import type { Device, Dtype, Manifest } from "@selvedge/protocol";
import type { Tensors } from "../tensor.ts";
import type { PackBytes, PackSelector } from "./keeper-api.ts";
import type { Outcome } from "./outcome.ts";

/** The kinds of engine this version has, as manifests name them. */
export const ENGINES = ["onnx", "tfjs"] as const;

/** What runs a variant. */
export type EngineName = (typeof ENGINES)[number];

/** Where a session runs. */
export type Backend = "wasm" | "webgpu";

/** What an engine worker does for the page: one runtime, one session, one call at a time. */
export interface EngineApi {
  /** Loads the runtime; answers with its Module, for the next worker that needs it. */
  start(runtime: RuntimeRequest): Promise<Outcome<RuntimeStarted>>;
  /** Says early which engine the pack needs that is about to be opened. */
  expect(engine: EngineName): void;
  /**
   * Creates a session for a pack in the store. Answers `undefined` where nothing is active that the
   * selector means: the keeper has to install it first.
   */
  open(pack: PackRequest): Promise<Outcome<Opened | undefined>>;
  /** Outputs are transferred to the page. */
  run(inputs: Tensors): Promise<Outcome<EngineRun>>;
  /** Runs the golden inputs and holds the answers against the pack's. */
  prove(): Promise<Outcome<Proof>>;
  /** Tells what the worker finds around it. Loads nothing. */
  surroundings(): Promise<Outcome<EngineSurroundings>>;
}

export interface RuntimeRequest {
  /** Absolute URL of the folder that holds the folders of runtime files, with a slash at its end. */
  readonly assets: string;
  readonly backend: Backend;
  /** Which to load ahead, while it is not known yet which the pack needs. */
  readonly engine: EngineName;
  /** A Module another worker has compiled; absent: compile it from its URL, streaming. */
  readonly module?: WebAssembly.Module;
}

export interface RuntimeStarted {
  /** Absent where the engine that was asked for was given up for another. */
  readonly module?: WebAssembly.Module;
  readonly compileMs: number;
}

/**
 * A pack by its digest, whatever is active for a selector, or one that is handed over: its bytes are
 * transferred.
 */
export type PackRequest =
  | ({ readonly by: "digest"; readonly digest: string; readonly dtype: Dtype } & Device)
  | ({ readonly by: "bytes"; readonly digest: string; readonly dtype: Dtype } & Device & PackBytes)
  | { readonly by: "selector"; readonly selector: PackSelector };

export interface Opened {
  readonly digest: string;
  readonly name: string;
  readonly version: string;
  readonly dtype: Dtype;
  readonly engine: EngineName;
  /** What opening it found worth knowing about where it runs. */
  readonly finding?: string;
  readonly signature: Manifest["signature"];
  /** The ids of the keys that signed the pack, by the trust anchors they were believed under. */
  readonly signedBy: Readonly<Record<string, readonly string[]>>;
  /** Model bytes of this dtype, golden answers and attachments included. */
  readonly bytes: number;
  /** Backends the pack allows this dtype on. */
  readonly backends: readonly string[];
  readonly readMs: number;
  readonly createMs: number;
}

export interface EngineRun {
  readonly outputs: Tensors;
  readonly runMs: number;
}

/** Whether a device gave the answers it should. */
export interface Proof {
  readonly holds: boolean;
  /** What was compared, or where and by how much the first difference exceeds the tolerance. */
  readonly finding: string;
}

/** What an engine worker has, whatever the page has. */
export interface EngineSurroundings {
  /** Whether the content security policy that its script came with lets WASM be compiled. */
  readonly canCompileWasm: boolean;
  /** Whether the browser offers WebGPU to workers. */
  readonly hasGpu: boolean;
}

import type { BlobRef, Device, Dtype, Manifest, Variant } from "@selvedge/protocol";
import type { Tensors } from "../tensor.ts";
import type { PackBytes, PackOffer, PackSelector } from "./keeper-api.ts";
import type { Outcome } from "./outcome.ts";

/** The kinds of engine this version has, as manifests name them. */
export const ENGINES = ["onnx", "tfjs"] as const;

/** What runs a variant. */
export type EngineName = (typeof ENGINES)[number];

/** Where a session runs. */
export type Backend = "wasm" | "webgpu";

/** The builds of onnxruntime-web. TensorFlow.js has one, which goes by the name of `wasm`. */
export type Build = "wasm" | "jspi" | "webgpu";

/** How onnxruntime lays tensors out on a GPU. Its own choice is NHWC, which is wrong for some models. */
export type Layout = "NHWC" | "NCHW";

/** Where a session runs on this device. */
export interface Place {
  readonly backend: Backend;
  /** The build of the runtime that has this backend. */
  readonly build: Build;
  /** On WebGPU only. */
  readonly layout?: Layout;
  /** What the backend has of what variants may require, such as `shader-f16`. */
  readonly features: readonly string[];
}

/** What onnxruntime does with a model before it runs: it starts later for it, and may run faster. */
export interface SessionSettings {
  /** How much onnxruntime rewrites the graph. Absent: as it sees fit. */
  readonly graphOptimizationLevel?: "disabled" | "basic" | "extended" | "all";
  /** Whether onnxruntime copies weights into the order that its kernels like best. Absent: it does. */
  readonly prepacking?: boolean;
}

/**
 * What waking tries: the image in a wasm that only runs, the image in the full wasm, or no image. A step
 * that fails is followed by the next, in a new worker.
 */
export type WakeStep = "run" | "full" | "none";

/** How an engine came to have its session. */
export interface Waking {
  /** `none`: it was created, as if there were no images. */
  readonly step: WakeStep;
  /** Why not an earlier step; or that all is as it should be. For people. */
  readonly reason: string;
  /** Whether the image that was to be woken was not what had been written: it is quarantined. */
  readonly isDamaged?: boolean;
  /** The image that was woken. */
  readonly image?: ImageAt & {
    /** Milliseconds: read from the device, and put into memory. */
    readonly readMs: number;
    readonly restoreMs: number;
  };
}

/** What keeps the pages of an image: whichever was read faster on this device. */
export type ImagePlace = "indexeddb" | "opfs";

/** Where an image's pages are. */
export interface ImageAt {
  readonly key: string;
  /** Of its pages. */
  readonly bytes: number;
  readonly place: ImagePlace;
}

/** An image that was made, and what that took. */
export interface Hibernated extends ImageAt {
  /** Milliseconds: golden run, scrub, copy and digest; and until all of it was stored. */
  readonly makeMs: number;
  readonly writeMs: number;
  /** Why it was not kept, as loading costs less; remembered, so that it is not made again. */
  readonly declined?: string;
}

/** How a session is created. */
export interface SessionHow extends Pick<Place, "backend" | "layout">, SessionSettings {
  /** @default "none" */
  readonly wake?: WakeStep;
  /**
   * Whether an image may ship with what the store has not got: no wasm is compiled then before `consider`,
   * or `expect`, has told.
   */
  readonly isFirst?: boolean;
}

/** What starts of a session with some settings came to. */
export interface Rehearsed extends Proof {
  readonly settings: SessionSettings;
  /** Milliseconds. */
  readonly rounds: readonly {
    readonly createMs: number;
    readonly firstRunMs: number;
    readonly runMs: number;
  }[];
}

/**
 * What an engine worker does for the page: one runtime, and any number of sessions in it, told apart by
 * a number that the page gives them. It is called one at a time.
 *
 * What fails in a wasm that was fitted has `detail.isFitted`: the same may go well in the full one. What
 * fails after an engine was woken has `detail.isWoken`, and the image's key as `detail.image`: the next
 * step is to be tried, in a new worker.
 */
export interface EngineApi {
  /** Loads the runtime; answers with its Module, for the next worker that needs it. */
  start(runtime: RuntimeRequest): Promise<Outcome<RuntimeStarted>>;
  /** Says early which engine the pack needs that is about to be opened. */
  expect(engine: EngineName): void;
  /**
   * Creates a session for a pack in the store. Answers `undefined` where nothing is active that the
   * selector means: the keeper has to install it first.
   */
  open(session: number, pack: OpenRequest, how: SessionHow): Promise<Outcome<Opened | undefined>>;
  /** Outputs are transferred to the page. */
  run(session: number, inputs: Tensors): Promise<Outcome<EngineRun>>;
  /**
   * Finds out whether a pack that is not in the store yet can be woken from an image that ships with it,
   * and begins to compile what that wakes in. Answers with the blobs that are to be stored before it is
   * opened by `image`; fails, in words for people, where it has to be loaded.
   */
  consider(pack: PackOffer): Promise<Outcome<Considered>>;
  /**
   * Keeps the image that a session was woken from as the device's own. Its pack has to be in the store.
   * Fails as `hibernate` does.
   */
  keepShipped(): Promise<Outcome<ImageAt>>;
  /** Runs the golden inputs and holds the answers against the pack's. */
  prove(session: number): Promise<Outcome<Proof>>;
  /** Runs golden inputs brought to some dims. Outputs are transferred to the page. */
  runAt(session: number, dims: InputDims): Promise<Outcome<EngineRun>>;
  /** Does the same, and holds the answers against those of an engine that is trusted. */
  proveAt(session: number, dims: InputDims, trusted: Trusted): Promise<Outcome<Proof>>;
  /** Does the same, and answers with how many milliseconds the run took, outputs read back included. */
  timeAt(session: number, dims: InputDims): Promise<Outcome<number>>;
  /**
   * Creates sessions of the pack that a session has open, with each of some settings in turn, and times
   * them. The browser's code cache fills by it.
   */
  rehearse(
    session: number,
    plan: { readonly all: readonly SessionSettings[]; readonly rounds: number },
  ): Promise<Outcome<Rehearsed[]>>;
  /**
   * Writes the engine down, to be woken on the next visit: in a worker that was started with `isForImage`,
   * has one session, and has run nothing but golden inputs.
   *
   * Fails with `no-candidate` where there is nothing to wake it in, or the session is not one to write
   * down; with `storage-full` and the like where it cannot be kept. Nothing is left of it then.
   */
  hibernate(session: number): Promise<Outcome<Hibernated>>;
  /**
   * Runs the first golden inputs on a session that was woken, and holds the answer, bit for bit, against
   * the one it gave before it was written down; the glue it woke with against its digest.
   */
  checkWoken(session: number): Promise<Outcome<Proof>>;
  /**
   * Finds out whether the store has all that a session's pack was installed with: what is woken needs none
   * of it. Fails with `storage-damaged` where it has not.
   */
  requireWhole(session: number): Promise<Outcome<void>>;
  /** Drops an image, and remembers that none of this key is to be woken or written again. */
  quarantine(key: string, reason: string): Promise<Outcome<void>>;
  /** Gives a session's memory back to the runtime, which keeps it for the next one. */
  close(session: number): Promise<Outcome<void>>;
  /** Tells what the worker finds around it. Loads nothing. */
  surroundings(): Promise<Outcome<EngineSurroundings>>;
}

export interface RuntimeRequest {
  /** Absolute URL of the folder that holds the folders of runtime files, with a slash at its end. */
  readonly assets: string;
  readonly build: Build;
  /** Which to load ahead, while it is not known yet which the pack needs. */
  readonly engine: EngineName;
  /** A Module another worker has compiled; absent: compile it from its URL, streaming. Nothing wakes in it. */
  readonly module?: WebAssembly.Module;
  /** Which wasm that is. @default "full" */
  readonly wasm?: WasmKind;
  /**
   * Whether an image is likely there: the scripts are imported, but no wasm is compiled before `open`, or
   * `expect`, has found out which.
   */
  readonly isPatient?: boolean;
  /**
   * Whether this worker is to write an engine down: it compiles a wasm itself that lets itself be read, and
   * has its digest checked, whatever Module it is given.
   */
  readonly isForImage?: boolean;
  /** Whether it has to be all of the runtime, as one that was fitted to some models has trapped. */
  readonly isFull?: boolean;
  /** What is likely needed: it is compiled at once, and used where that is what turns out to be needed. */
  readonly early?: EarlyWasm;
  /** What is likely woken: it is opened at once, and read where that is what turns out to be there. */
  readonly earlyImage?: ImageAt | undefined;
  /** Whether no page of this origin has started a runtime before, as far as is known. */
  readonly isNew?: boolean;
}

/**
 * What a worker begins with before anything is asked of it: what the page's last visit ended with. The page
 * posts it as `{ headStart }` the moment it has started the worker, long before it has what calls workers.
 */
export interface HeadStart {
  /** As in `RuntimeRequest`. */
  readonly assets: string;
  /** As `RuntimeRequest.early`. */
  readonly wasm?: FittedRef | undefined;
  /** As `RuntimeRequest.earlyImage`. */
  readonly image?: ImageAt | undefined;
  /** As `RuntimeRequest.isNew`: the host is asked at once which runtimes it has. */
  readonly isNew?: boolean;
}

/** A wasm that was fitted to some models: its name beside the runtime's files, and its digest in hex. */
export interface FittedRef {
  readonly file: string;
  readonly sha256: string;
}

/** A fitted wasm to begin with, and its Module where the page has kept that. */
export interface EarlyWasm extends FittedRef {
  readonly module?: WebAssembly.Module;
}

/**
 * Which wasm a worker has: all of the runtime, what loads some models and runs them, or what only runs
 * models that were woken.
 */
export type WasmKind = "full" | "load" | "run";

/** A runtime that is there. Milliseconds count from when it was asked for. */
export interface RuntimeLoaded {
  /** Absent where the engine that was asked for was given up for another, and where it loads nothing. */
  readonly module?: WebAssembly.Module;
  /** Absent: `full`. */
  readonly wasm?: WasmKind;
  /** Which of those that were fitted it is. */
  readonly fitted?: FittedRef;
  readonly compileMs: number;
  readonly importMs: number;
}

export interface RuntimeStarted extends RuntimeLoaded {
  /** Milliseconds since 1970, to a fraction, when the worker's script began to run. */
  readonly scriptAt: number;
}

/**
 * A pack by its digest, whatever is active for a selector, or one that is handed over: its bytes are
 * transferred.
 */
export type PackRequest =
  | ({ readonly by: "digest"; readonly digest: string; readonly dtype: Dtype } & Device)
  | ({ readonly by: "bytes"; readonly digest: string; readonly dtype: Dtype } & Device & PackBytes)
  | { readonly by: "selector"; readonly selector: PackSelector };

/** What is opened: by `image` the pack that was considered last, which is not in the store yet. */
export type OpenRequest = PackRequest | { readonly by: "image" };

/** What waking a pack from an image that ships with it takes. */
export interface Considered {
  readonly dtype: Dtype;
  /** The image's files, and the golden answers that it is held to. */
  readonly blobs: readonly BlobRef[];
}

/** What an answer says of its worker besides. */
interface Weighed {
  /** What the runtimes of the worker hold by then, in bytes: WebAssembly's memory, which never shrinks. */
  readonly engineBytes?: number;
}

export interface Opened extends Weighed {
  readonly digest: string;
  readonly name: string;
  readonly version: string;
  readonly dtype: Dtype;
  readonly engine: EngineName;
  /** What opening it found worth knowing about where it runs. */
  readonly finding?: string;
  readonly signature: Manifest["signature"];
  /** What its inputs and outputs were like when it was made, where the manifest says so. */
  readonly reference?: Manifest["reference"];
  /** How the session was created, where that is not as onnxruntime does by itself. */
  readonly settings?: SessionSettings;
  /** The ids of the keys that signed the pack, by the trust anchors they were believed under. */
  readonly signedBy: Readonly<Record<string, readonly string[]>>;
  /** Model bytes of this dtype, golden answers and attachments included. */
  readonly bytes: number;
  /** What the pack holds besides, for other places on this device. */
  readonly variants: readonly VariantSummary[];
  /** Where it was asked to wake. */
  readonly waking?: Waking;
  readonly readMs: number;
  readonly createMs: number;
}

/** What has to be known of a variant to tell where it may run. */
export interface VariantSummary
  extends Pick<Variant, "dtype" | "backends" | "requires" | "memoryBytes"> {
  readonly engine: string;
  /** Model bytes, golden answers and attachments not included. */
  readonly bytes: number;
  /** Of its largest tensor: what a GPU's buffers have to hold. */
  readonly largestTensorBytes: number;
}

export interface EngineRun extends Weighed {
  readonly outputs: Tensors;
  readonly runMs: number;
}

/** Dims of inputs, by their names. Inputs that are not named have the dims of the golden ones. */
export type InputDims = Readonly<Record<string, readonly number[]>>;

/** What an engine that is trusted answered, and which that was. Its outputs are transferred. */
export interface Trusted {
  readonly outputs: Tensors;
  readonly by: { readonly backend: Backend; readonly dtype: Dtype };
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

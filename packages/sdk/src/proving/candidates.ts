import { type Dtype, runsOn } from "@selvedge/protocol";
import type { DeviceFacts } from "../diagnosis/device-facts.ts";
import type { BackendPolicy } from "../options.ts";
import type { Rung } from "../serving/ladder.ts";
import {
  type Backend,
  type Build,
  ENGINES,
  type Place,
  type VariantSummary,
} from "../worker/engine-api.ts";
import type { Gpu } from "./gpu.ts";

/** What of a device decides where a model may run on it. */
export type PlaceFacts = Pick<DeviceFacts, "gpu" | "hasJspi" | "deviceMemoryBytes">;

/** What was asked for. */
export interface Wanted {
  readonly dtype: Dtype | "auto";
  readonly backend: BackendPolicy;
}

/** A rung that is worth trying. */
export interface WorthTrying extends Rung {
  readonly reason: string;
  /** Model bytes there; those that the device lacks have to be fetched. */
  readonly bytes: number;
  /** The build that comes before this rung's at the same place: where that starts, this is not tried. */
  readonly standsInFor?: Build;
}

/** A rung that is not, and why. Its place names no layout: it is turned down on all of them. */
export interface Rejected extends Rung {
  readonly reason: string;
}

/** Where a pack could run on a device. */
export interface Candidates {
  /** The best first. */
  readonly rungs: readonly WorthTrying[];
  readonly rejected: readonly Rejected[];
}

/** onnxruntime's own choice first. It is wrong for some models, which are right on the other. */
const LAYOUTS = ["NHWC", "NCHW"] as const;

/** The most that browsers say of a device's memory: one with more says the same. Bytes. */
const MOST_TOLD = 8 * 2 ** 30;

/** What 32-bit WASM can address. Bytes. */
const WASM_MEMORY = 4 * 2 ** 30;

const NAMES = { wasm: "WASM", webgpu: "WebGPU" } as const;

/**
 * Where a pack could run on a device, and why it could not elsewhere; nothing has to be fetched to tell.
 * Backends come in the order they were asked for. On WebGPU the pack's own order of precisions decides,
 * then the layout, then the build of the runtime. WASM is where a model starts and ends: it has one rung,
 * of the first precision that the pack allows there.
 */
export function listCandidates(
  variants: readonly VariantSummary[],
  wanted: Wanted,
  facts: PlaceFacts,
): Candidates {
  const { dtype, backend: policy } = wanted;
  const dtypes = dtype === "auto" ? [...new Set(variants.map((each) => each.dtype))] : [dtype];
  const isNamed = policy !== "auto";
  const all = backendsOf(policy).map((backend) =>
    listOn(backend, { variants, dtypes, facts, isNamed }),
  );
  return {
    rungs: all.flatMap(({ rungs }) => rungs),
    rejected: all.flatMap(({ rejected }) => rejected),
  };
}

function listOn(
  backend: Backend,
  {
    variants,
    dtypes,
    facts,
    isNamed,
  }: {
    readonly variants: readonly VariantSummary[];
    readonly dtypes: readonly Dtype[];
    readonly facts: PlaceFacts;
    readonly isNamed: boolean;
  },
): Candidates {
  const features = featuresOf(backend, facts);
  const [build] = buildsOn(backend, facts);
  const rungs: WorthTrying[] = [];
  const rejected = new Map<string, Rejected>();
  for (const dtype of dtypes) {
    const on = { dtype, backend, features };
    const found = judge(variants, on, { ...facts, isNamed });
    if (typeof found !== "string") {
      const places = rungsOf(on, found.bytes, facts);
      if (backend === "wasm") return { rungs: places, rejected: [...rejected.values()] };
      rungs.push(...places);
      // What is the matter with the device is the same for every precision, and told once.
    } else if (!rejected.has(found))
      rejected.set(found, { place: { backend, build, features }, dtype, reason: found });
  }
  return { rungs, rejected: [...rejected.values()] };
}

/** The backends that a policy means, in order. */
export function backendsOf(policy: BackendPolicy): readonly Backend[] {
  if (policy === "auto") return ["wasm", "webgpu"];
  return typeof policy === "string" ? [policy] : [...new Set(policy)];
}

/** A precision on a backend. */
interface Where extends Pick<Place, "backend" | "features"> {
  readonly dtype: Dtype;
}

/** All places of a backend, for one precision. */
function rungsOf({ dtype, ...on }: Where, bytes: number, facts: PlaceFacts): WorthTrying[] {
  const [first, ...standIns] = buildsOn(on.backend, facts);
  const layouts = on.backend === "webgpu" ? LAYOUTS.map((layout) => ({ layout })) : [{}];
  return layouts.flatMap((layout) => [
    { place: { ...on, build: first, ...layout }, dtype, bytes, reason: "not tried yet" },
    ...standIns.map((build) => ({
      place: { ...on, build, ...layout },
      dtype,
      bytes,
      standsInFor: first,
      reason: `only where the runtime does not start in its ${first} build`,
    })),
  ]);
}

/** The builds of the runtime that have a backend, the leanest first. */
function buildsOn(backend: Backend, { hasJspi }: PlaceFacts): readonly [Build, ...Build[]] {
  if (backend === "wasm") return ["wasm"];
  return hasJspi ? ["jspi", "webgpu"] : ["webgpu"];
}

function featuresOf(backend: Backend, { gpu }: PlaceFacts): readonly string[] {
  return backend === "webgpu" && gpu.found ? gpu.features : [];
}

/** @returns the variant that runs there, or why none does */
function judge(
  variants: readonly VariantSummary[],
  { dtype, ...on }: Where,
  { gpu, deviceMemoryBytes, isNamed }: PlaceFacts & { readonly isNamed: boolean },
): VariantSummary | string {
  const { backend, features } = on;
  const name = NAMES[backend];
  const packed = variants.filter((variant) => variant.dtype === dtype);
  if (packed.length === 0) return `the pack has no ${dtype}`;
  const allowed = packed.filter(({ backends }) => backends.includes(backend));
  if (allowed.length === 0)
    return `the pack allows ${dtype} on ${list(packed.flatMap(({ backends }) => backends))} only`;
  const runnable = allowed.filter(({ engine }) => ENGINES.some((known) => known === engine));
  if (runnable.length === 0)
    return `${dtype} needs the engine "${allowed[0]?.engine}", which this version of Selvedge lacks`;
  const onEngine = runnable.filter(({ engine }) => backend === "wasm" || engine !== "tfjs");
  if (onEngine.length === 0) return `TensorFlow.js does not run on ${name} here`;
  const obstacle = backend === "webgpu" ? obstacleOf(gpu, isNamed) : undefined;
  if (obstacle !== undefined) return obstacle;
  // The one that would be opened: what fits of the others is not looked for.
  const variant = onEngine.find((each) => runsOn(each, on));
  if (variant === undefined) {
    const lacking = onEngine.flatMap(({ requires }) =>
      requires.filter((feature) => !features.includes(feature)),
    );
    return `${dtype} requires ${list(lacking)}, which ${backend === "webgpu" ? "this GPU" : name} lacks`;
  }
  return shortageOf(variant, { backend, gpu, deviceMemoryBytes }) ?? variant;
}

/** What is the matter with a GPU, whatever is to run on it. */
function obstacleOf(gpu: Gpu, isNamed: boolean): string | undefined {
  if (!gpu.found) return gpu.reason;
  return gpu.isFallback && !isNamed
    ? `${gpu.description} is a fallback adapter: software, and tried only where WebGPU is asked for by name`
    : undefined;
}

/** What there is too little of. */
function shortageOf(
  { dtype, memoryBytes, largestTensorBytes }: VariantSummary,
  {
    backend,
    gpu,
    deviceMemoryBytes = MOST_TOLD,
  }: { backend: Backend; gpu: Gpu; deviceMemoryBytes?: number | undefined },
): string | undefined {
  if (backend === "wasm")
    return memoryBytes > WASM_MEMORY
      ? `${dtype} takes about ${memoryBytes} bytes of memory, of which WASM can address ${WASM_MEMORY}`
      : undefined;
  if (gpu.found) {
    const { maxBufferSize, maxStorageBufferBindingSize } = gpu.limits;
    const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (largestTensorBytes > most)
      return `the largest tensor of ${dtype} has ${largestTensorBytes} bytes, and a buffer of this GPU ${most}`;
  }
  return memoryBytes > deviceMemoryBytes && deviceMemoryBytes < MOST_TOLD
    ? `${dtype} takes about ${memoryBytes} bytes of memory, of which this device has ${deviceMemoryBytes}`
    : undefined;
}

function list(names: readonly string[]): string {
  return [...new Set(names)].join(", ");
}

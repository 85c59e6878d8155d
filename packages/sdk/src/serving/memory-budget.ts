/** How much memory the engines of a page may take, and how many workers. Absent: as the device allows. */
export interface MemoryPolicy {
  /**
   * Bytes that the engines of all models may hold together. Past it, those that were used longest ago
   * are suspended, and come back with their next call.
   * @default an eighth of `navigator.deviceMemory`, 2 GiB at most; 512 MiB where the browser does not
   * tell; a quarter of that in a webview
   */
  readonly budgetBytes?: number;
  /**
   * `webview`: one engine worker for all models, and a small budget, for pages in an app that share
   * its memory.
   * @default "page"
   */
  readonly profile?: "page" | "webview";
  /**
   * How many workers models have on WASM before they share them. A model that was woken keeps its own.
   * @default one less than the device has cores, 2 at least and 4 at most; 1 in a webview
   */
  readonly engines?: number;
  /**
   * Ends an engine's worker, in idle time, after it has answered so many calls. For runtimes that leak.
   * @default never
   */
  readonly recycleAfterRuns?: number;
}

/** What a page's engines are held to. */
export interface MemoryBudget {
  readonly budgetBytes: number;
  /** Workers on WASM that models may have before they share them. */
  readonly engines: number;
  readonly recycleAfterRuns: number;
}

/** What a browser tells of a device. `deviceMemory` is gigabytes, rounded, and Chromium's alone. */
export interface DeviceSize {
  readonly deviceMemory?: number;
  readonly hardwareConcurrency?: number;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** A device that does not tell is taken for one of four gigabytes, as phones are that run Safari. */
const USUAL_MEMORY_GB = 4;

/** Less than this would not hold one model of a usual size, however little memory the device has. */
const LEAST_BYTES = 128 * MIB;

/** What an app asked for, and where it did not, what suits the device. */
export function memoryBudgetOf(
  {
    budgetBytes,
    profile = "page",
    engines,
    recycleAfterRuns = Number.POSITIVE_INFINITY,
  }: MemoryPolicy,
  { deviceMemory = USUAL_MEMORY_GB, hardwareConcurrency = 2 }: DeviceSize,
): MemoryBudget {
  const isWebview = profile === "webview";
  const share = Math.min((deviceMemory * GIB) / 8, 2 * GIB) / (isWebview ? 4 : 1);
  const workers = isWebview ? 1 : Math.min(Math.max(hardwareConcurrency - 1, 2), 4);
  return {
    budgetBytes: budgetBytes ?? Math.max(share, LEAST_BYTES),
    engines: engines ?? workers,
    recycleAfterRuns,
  };
}

import { findGpu, type Gpu, type GpuMemory } from "../proving/gpu.ts";
import { type BrowserFacts, type BrowserNavigator, browserFacts } from "./browser-facts.ts";
import { inTime } from "./in-time.ts";
import { canCompileWasm, hasJspi, hasRelaxedSimd, hasWasmSimd } from "./wasm-facts.ts";

/** What of a device decides where and how fast a model runs on it. Nothing of it is sent anywhere. */
export interface DeviceFacts {
  readonly browser: BrowserFacts;
  /** Logical cores; absent where the browser does not say. */
  readonly cores?: number;
  /** Bytes, rounded by the browser and 8 GiB at most; absent where it does not say. */
  readonly deviceMemoryBytes?: number;
  /** Whether the page is cross-origin isolated. Threads in WASM would need it; models run on one thread. */
  readonly isIsolated: boolean;
  readonly isSecureContext: boolean;
  /** Whether WASM may wait for promises, which the leaner of the WebGPU runtimes needs. */
  readonly hasJspi: boolean;
  readonly hasWasmSimd: boolean;
  readonly hasRelaxedSimd: boolean;
  /** Whether the page's content security policy lets WASM be compiled. Workers have their own. */
  readonly canCompileWasm: boolean;
  readonly gpu: Gpu;
  readonly storage: StorageFacts;
  /** As far as the browser knows. */
  readonly isOnline: boolean;
  /** Whether its user asked the browser to save data. */
  readonly saveData: boolean;
}

/** What the browser says of the origin's storage; absent fields where it does not say. */
export interface StorageFacts {
  /** Whether it can be used: one that is there may still be refused. */
  readonly hasIndexedDb: boolean;
  /** Whether the browser has promised not to evict it. */
  readonly isPersisted?: boolean;
  /** Bytes that the whole origin takes, and may take. */
  readonly usage?: number;
  readonly quota?: number;
}

/** What TypeScript's own library lacks of Navigator, or says is always there. */
interface DeviceNavigator extends BrowserNavigator {
  readonly hardwareConcurrency?: number;
  /** GiB. */
  readonly deviceMemory?: number;
  readonly onLine?: boolean;
  readonly connection?: { readonly saveData?: boolean };
  readonly storage?: Partial<Pick<StorageManager, "estimate" | "persisted">>;
}

/** The browser answers these from disk; one that is busy there is not waited for. */
/** A database that is made and deleted, to see whether that is allowed. */
const PROBE = "selvedge-probe";

const STORAGE_DEADLINE_MS = 3_000;

/** Looks at the device. Never rejects: what cannot be told is left out. */
export async function collectDeviceFacts(memory?: GpuMemory): Promise<DeviceFacts> {
  const from = navigator as DeviceNavigator;
  const { hardwareConcurrency: cores, deviceMemory } = from;
  const [gpu, storage] = await Promise.all([findGpu(memory), storageFacts(from.storage)]);
  return {
    browser: browserFacts(from),
    ...(cores === undefined ? {} : { cores }),
    ...(deviceMemory === undefined ? {} : { deviceMemoryBytes: deviceMemory * 2 ** 30 }),
    isIsolated: globalThis.crossOriginIsolated === true,
    isSecureContext: globalThis.isSecureContext === true,
    hasJspi: hasJspi(),
    hasWasmSimd: hasWasmSimd(),
    hasRelaxedSimd: hasRelaxedSimd(),
    canCompileWasm: canCompileWasm(),
    gpu,
    storage,
    isOnline: from.onLine !== false,
    saveData: from.connection?.saveData === true,
  };
}

async function storageFacts(storage: DeviceNavigator["storage"]): Promise<StorageFacts> {
  // WebKit has no navigator.storage in some of its webviews.
  const [opened, estimated, persisted] = await Promise.all([
    inTime(STORAGE_DEADLINE_MS, async () => openDatabase()),
    inTime(STORAGE_DEADLINE_MS, async () => storage?.estimate?.()),
    inTime(STORAGE_DEADLINE_MS, async () => storage?.persisted?.()),
  ]);
  const { usage, quota } = (estimated.ok && estimated.value) || {};
  const isPersisted = persisted.ok ? persisted.value : undefined;
  return {
    hasIndexedDb: opened.ok,
    ...(isPersisted === undefined ? {} : { isPersisted }),
    ...(usage === undefined ? {} : { usage }),
    ...(quota === undefined ? {} : { quota }),
  };
}

/** That it is there says little: private windows and blocked site data refuse to open a database. */
function openDatabase(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(PROBE);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      request.result.close();
      indexedDB.deleteDatabase(PROBE);
      resolve();
    };
  });
}

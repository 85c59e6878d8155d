import type { StoredVerdict } from "../proving/verdict.ts";
import type { ModelInfo } from "../serving/model-info.ts";
import type { PageMemory } from "../serving/page-memory.ts";
import type { EngineSurroundings } from "../worker/engine-api.ts";
import type { CachedPack } from "../worker/keeper-api.ts";
import type { AssetCheck } from "./asset-checks.ts";
import type { DeviceFacts } from "./device-facts.ts";
import type { LoadFailure } from "./load-failures.ts";

/** What a diagnosis looked at. All of it survives JSON. */
export interface DiagnosisFacts {
  /** When, in ISO 8601. */
  readonly at: string;
  /** The SDK's version. */
  readonly selvedge: string;
  /** Versions of the runtimes that it loads. */
  readonly runtimes: { readonly "onnxruntime-web": string; readonly tfjs: string };
  readonly device: DeviceFacts;
  readonly store: StoreFacts;
  readonly assets: AssetsFacts;
  readonly engine: EngineFacts;
  /** What engines take of the page's memory, and what they are held to; each model says its part. */
  readonly memory: MemoryFacts;
  /** The models that are loaded. */
  readonly models: readonly ModelFacts[];
  /** The latest loads that failed. */
  readonly failures: readonly LoadFailure[];
}

/** Bytes that engines hold, and the budget they are held to. */
export type MemoryFacts = Omit<PageMemory, "models">;

/** A loaded model: all that its `info` says, but for its signature. */
export interface ModelFacts extends Omit<ModelInfo, "signature"> {
  /** What is remembered of its candidates on this device, the latest first. */
  readonly verdicts: readonly VerdictFacts[];
}

/** What was found out about a candidate, on this visit or an earlier one. */
export interface VerdictFacts
  extends Pick<StoredVerdict, "candidate" | "outcome" | "reason" | "under" | "runMs" | "dims"> {
  /** When, in ISO 8601. */
  readonly at: string;
}

/** What is kept of models. */
export interface StoreFacts {
  readonly kind: "persistent" | "memory" | "unavailable";
  /** Why it is not persistent. */
  readonly reason?: string;
  readonly packs: readonly PackFacts[];
  /** Bytes; what packs share counts once. */
  readonly bytes: number;
}

/** A pack that the device holds; times in ISO 8601. */
export interface PackFacts extends Omit<CachedPack, "installedAt" | "usedAt"> {
  readonly installedAt: string;
  readonly usedAt: string;
}

/** Where the runtimes' files are looked for, and what is there. */
export interface AssetsFacts {
  /** Below the page's origin where it is the same; whole otherwise. */
  readonly address: string;
  readonly files: readonly AssetCheck[];
}

/** What an engine worker finds around it. It is only asked where no model has shown that it works. */
export type EngineFacts =
  | { readonly state: "serving" }
  | ({ readonly state: "started" } & EngineSurroundings)
  | { readonly state: "failed"; readonly reason: string };

/** Something worth knowing, and what to do about it. A `fault` keeps models from working as they should. */
export interface Finding {
  readonly level: "fault" | "hint";
  readonly message: string;
}

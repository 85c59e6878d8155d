export type { Dtype, ErrorCode, ErrorDetail } from "@selvedge/protocol";
export { SelvedgeError } from "@selvedge/protocol";
export type { AssetCheck } from "./diagnosis/asset-checks.ts";
export type { BrowserFacts } from "./diagnosis/browser-facts.ts";
export type { DeviceFacts, StorageFacts } from "./diagnosis/device-facts.ts";
export type { Diagnosis } from "./diagnosis/diagnose.ts";
export type {
  AssetsFacts,
  DiagnosisFacts,
  EngineFacts,
  Finding,
  MemoryFacts,
  ModelFacts,
  PackFacts,
  StoreFacts,
  VerdictFacts,
} from "./diagnosis/diagnosis-facts.ts";
export type { LoadFailure } from "./diagnosis/load-failures.ts";
export type { DistributionPolicy } from "./distributions/distribution-policy.ts";
export type { CacheEstimate, ModelCache } from "./model-cache.ts";
export type { InputsOf, ModelName, ModelTypes, OutputsOf, TensorOf } from "./model-types.ts";
export type { BackendPolicy, LoadOptions, SelvedgeOptions, TelemetryOptions } from "./options.ts";
export type { KeptPrediction } from "./predictions/prediction-log.ts";
export type { PredictionPolicy } from "./predictions/prediction-policy.ts";
export type { Truth } from "./predictions/truth.ts";
export type { Candidate } from "./proving/candidate.ts";
export type { FoundGpu, Gpu, GpuLimits } from "./proving/gpu.ts";
export type { PublicKeys } from "./public-keys.ts";
export { createSelvedge, type Selvedge, type Telemetry } from "./selvedge.ts";
export type { EngineStart } from "./serving/engine-start.ts";
export type { MemoryPolicy } from "./serving/memory-budget.ts";
export type { Model } from "./serving/model.ts";
export type { ModelInfo } from "./serving/model-info.ts";
export type { ModelUpdate, UpdatePolicy } from "./serving/model-update.ts";
export type { ModelMemory, PageMemory } from "./serving/page-memory.ts";
export type { Prediction, PredictOptions } from "./serving/prediction.ts";
export type { LoadTimings } from "./serving/served.ts";
export type { TelemetryState } from "./telemetry/consent.ts";
export type { PageContext, PageSpan, PageTracer } from "./telemetry/page-tracer.ts";
export type { TraceParent } from "./telemetry/trace-context.ts";
export type { Tensor, TensorData, Tensors } from "./tensor.ts";
export type {
  Availability,
  CachedPack,
  CachePolicy,
  MeteredDownloads,
  PackStorage,
  Progress,
} from "./worker/keeper-api.ts";
export type { WorkerSource } from "./worker/spawn.ts";

export { type DiffItem, type DiffOptions, type DiffResult, diff } from "./diff.ts";
export {
  type FitOptions,
  type FitProgress,
  type FitResult,
  type FittedBytes,
  fitRuntime,
} from "./fit/fit-runtime.ts";
export type { TrialSettings } from "./fit/trial-request.ts";
export type { InputDims } from "./fit/varied-inputs.ts";
export { IMAGE_CHOICES, type ImageChoice } from "./images/pack-images.ts";
export {
  type InspectedImage,
  type InspectOptions,
  type InspectResult,
  inspect,
  type VariantSharing,
} from "./inspect.ts";
export type { Layer } from "./layers-of.ts";
export { pack } from "./pack.ts";
export type { PackOptions, PackProgress, PackResult } from "./pack-options.ts";
export { packerVersion } from "./packer-version.ts";
export { type PromoteOptions, type PromoteResult, promote } from "./promote.ts";
export { PACKABLE_DTYPES, type PackableDtype } from "./quantize/recipes.ts";
export type { ReleaseTestFiles } from "./release-tests/check-release-tests.ts";
export type { MetricBar } from "./release-tests/metric-bar.ts";
export { METRIC_NAMES, type MetricName } from "./release-tests/metrics.ts";
export type { ReleaseTestOptions } from "./release-tests/read-release-tests.ts";
export type { TestProgress } from "./release-tests/run-release-tests.ts";
export type { ElementPair, OutputComparison } from "./replay/compare-tensors.ts";
export { type ReplayOptions, type ReplayResult, replay } from "./replay/replay.ts";
export { type ChangeRootOptions, changeRoot, type RootChange } from "./signing/change-root.ts";
export { type KeygenResult, keygen } from "./signing/keygen.ts";
export {
  type PublishRootOptions,
  type PublishRootResult,
  publishRoot,
} from "./signing/publish-root.ts";
export type { Problem } from "./verify/problem.ts";
export { type VerifyOptions, type VerifyResult, verify } from "./verify/verify.ts";
export { type RewrittenRuntime, rewriteRuntime } from "./wasm/rewrite-runtime.ts";
export { type ModelTypesResult, writeModelTypes } from "./write-model-types.ts";

export { fromBase64, toBase64 } from "./base64.ts";
export {
  answerCount,
  answerOf,
  answersOf,
  type Binned,
  binCount,
  binOf,
  boundsOf,
  categoryOf,
  type FeatureValue,
} from "./bin-of.ts";
export {
  BUCKET_COUNT,
  type ChannelDocument,
  type ChannelEntry,
  encodeChannels,
  mostServed,
  parseChannels,
  parseChannelsEnvelope,
  readChannels,
} from "./channel.ts";
export {
  type Base,
  baseOf,
  chooseDeltas,
  type DeltaBlob,
  type Deltable,
  deltaBlobs,
  type Holdings,
} from "./choose-deltas.ts";
export type {
  AccuracyAnswer,
  AlertState,
  AlertsAnswer,
  Comparison,
  ComparisonAnswer,
  DriftAnswer,
  DriftBin,
  DriftVerdict,
  FailuresAnswer,
  FeatureDrift,
  FeedbackDays,
  HealthAnswer,
  LatencyAnswer,
  ModelsAnswer,
  PredictionAnswer,
  PredictionsAnswer,
  Quantiles,
  StatsAnswer,
} from "./collector-api.ts";
export { commitToTensors } from "./commit-to-tensors.ts";
export { jensenShannon, kolmogorovSmirnov, psi, sharesOf } from "./drift-distances.ts";
export {
  type DriftFinding,
  type DriftSample,
  driftVerdict,
  effectiveSize,
  LEAST_CONTRIBUTORS,
  LEAST_PSI,
} from "./drift-verdict.ts";
export { ELEMENT_TYPES, type ElementType, elementCount, tensorBytes } from "./element-type.ts";
export { type Envelope, seal, unseal } from "./envelope.ts";
export {
  type Buckets,
  bucketIndex,
  type ExponentialHistogram,
  emptyHistogram,
  MAX_BUCKETS,
  MAX_SCALE,
  mergeHistograms,
  quantile,
  recordValue,
} from "./exponential-histogram.ts";
export { Field } from "./field.ts";
export { followRoot } from "./follow-root.ts";
export { fromHalf } from "./from-half.ts";
export { HistogramSketch } from "./histogram-sketch.ts";
export { type Architecture, architecture } from "./image/architecture.ts";
export { differenceFrom, putTogether } from "./image/image-difference.ts";
export { type ImageSubject, imageKey } from "./image/image-key.ts";
export {
  IMAGE_FORMAT,
  IMAGE_PAGE_BYTES,
  type ImageHead,
  type ImageRun,
  imageBytes,
  WASM_PAGE_BYTES,
} from "./image/memory-image.ts";
export { digestPages, PART_BYTES, PagesDigest } from "./image/pages-digest.ts";
export { fits, formatImageHead, parseImageHead } from "./image/parse-image-head.ts";
export { parseRuntimeIndex } from "./image/parse-runtime-index.ts";
export { shippedImages } from "./image/parse-shipped-images.ts";
export {
  type FittedWasm,
  RUNTIME_INDEX,
  type RuntimeFileRef,
  type RuntimeIndex,
  type WakingFacts,
} from "./image/runtime-index.ts";
export {
  type BareImage,
  encodeBareImage,
  encodeImageDifference,
  type ImageDifference,
  parseBareImage,
  parseImageDifference,
  type ShippedHead,
} from "./image/shipped-image.ts";
export { restore, restoring, snapshot } from "./image/snapshot.ts";
export {
  type AsleepRuntime,
  emptyGlueHost,
  type Glue,
  type GlueHost,
  memoryAhead,
  startGlue,
} from "./image/start-glue.ts";
export { asleepFrom, scrubbedState } from "./image/written-state.ts";
export {
  keyId,
  type PrivateJwk,
  type PublicJwk,
  parsePrivateJwk,
  parsePublicJwk,
  publicHalf,
} from "./jwk.ts";
export {
  type AttachmentRef,
  type BlobRef,
  blobsOf,
  DTYPES,
  type Dtype,
  type GoldenCase,
  type GoldenOutput,
  goldenCasesOf,
  type ImageFileRef,
  imageFilesOf,
  isCommit,
  isFileName,
  type Location,
  MANIFEST_FORMAT,
  type Manifest,
  type MeasuredMetric,
  type Provenance,
  pieceDigests,
  type QuantizationError,
  type ReleaseTests,
  type ShippedImage,
  type TensorDelta,
  type TensorRef,
  type TestFile,
  type Tolerance,
  toleranceFor,
  toleranceOf,
  type ValueInfo,
  type Variant,
} from "./manifest.ts";
export {
  imageLayout,
  type MeasurableTensor,
  measure,
  measurerOf,
  valueCount,
} from "./measure-tensor.ts";
export type { MetricOf } from "./metric-types.ts";
export {
  encodeModelSignature,
  encodeModelStatement,
  type SignedPack,
  verifyModelSignature,
} from "./model-signature.ts";
export {
  DELTA,
  type OtlpAttribute,
  type OtlpBatch,
  type OtlpBuckets,
  type OtlpExponentialHistogramPoint,
  type OtlpHistogramPoint,
  type OtlpInt64,
  type OtlpLogRecord,
  type OtlpLogsRequest,
  type OtlpMetric,
  type OtlpMetricsRequest,
  type OtlpNumberPoint,
  type OtlpResource,
  type OtlpScope,
  type OtlpSpan,
  type OtlpTracesRequest,
  type OtlpValue,
  toOtlpAttributes,
  toOtlpHistogramPoint,
  toUnixNano,
} from "./otlp.ts";
export { parseCapturedPrediction } from "./parse-captured-prediction.ts";
export { parseManifest } from "./parse-manifest.ts";
export { MAX_BINS, MAX_FEATURES, MAX_REFERENCE_BYTES } from "./parse-reference.ts";
export { parseWholeManifest } from "./parse-whole-manifest.ts";
export { PIECE_BYTES, pieceCount, pieceRange } from "./pieces.ts";
export {
  CAPTURE_FORMAT,
  type CapturedPrediction,
  type CapturedTensor,
  type PredictionRecord,
  type RecordedSettings,
  type TensorDigest,
} from "./prediction-record.ts";
export {
  debias,
  type ResponseOdds,
  randomizeAnswer,
  randomizedShares,
  responseOdds,
} from "./randomized-response.ts";
export { MEASURES, type Measure, type Reference, type ReferenceFeature } from "./reference.ts";
export {
  channelsPath,
  isModelName,
  isVersion,
  manifestPath,
  ROOT_PATH,
  rootLinkPath,
  segmentPath,
  signaturePath,
} from "./registry-layout.ts";
export {
  encodeRoot,
  parseNextRoot,
  parseRoot,
  ROLES,
  type Role,
  type RoleKeys,
  type RootDocument,
  requireFresh,
} from "./root-document.ts";
export { type Device, runsOn } from "./runs-on.ts";
export { areProbabilities } from "./score-measures.ts";
export { ERROR_CODES, type ErrorCode, type ErrorDetail, SelvedgeError } from "./selvedge-error.ts";
export { sha256, toHex } from "./sha256.ts";
export { createSigner, type Signer, signEnvelope } from "./sign-envelope.ts";
export { START_METRICS, START_UNITS, STARTS } from "./start-names.ts";
export { encodeStrings, parseStrings } from "./string-tensor.ts";
export {
  ATTRIBUTES,
  BATCH_ID,
  DISTRIBUTION,
  FEEDBACK,
  IRREGULARITIES,
  type Irregularity,
  METRICS,
  PREDICTION,
  PREDICTION_EVENT,
  SPANS,
  UNITS,
} from "./telemetry-names.ts";
export {
  applyTensorDelta,
  applyTensorDeltaPart,
  DELTA_CODEC,
  makeTensorDelta,
} from "./tensor-delta.ts";
export {
  encodeTfjsModel,
  inlineAddress,
  parseTfjsModel,
  storedSize,
  storedType,
  type TfjsArtifacts,
  type TfjsModel,
  type TfjsWeight,
  type TfjsWeightGroup,
  tfjsArtifacts,
} from "./tfjs-model.ts";
export { parseTrustAnchors, type TrustAnchors } from "./trust-anchors.ts";
export {
  requireSuccessor,
  requireTimely,
  type SignedChannels,
  verifyChannels,
} from "./verify-channels.ts";
export { type TrustedKeys, verifyEnvelope } from "./verify-envelope.ts";

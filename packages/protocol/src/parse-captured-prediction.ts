import { fromBase64 } from "./base64.ts";
import { ELEMENT_TYPES, elementCount, tensorBytes } from "./element-type.ts";
import { Field } from "./field.ts";
import {
  CAPTURE_FORMAT,
  type CapturedPrediction,
  type CapturedTensor,
  type PredictionRecord,
  type RecordedSettings,
  type TensorDigest,
} from "./prediction-record.ts";
import { isModelName, isVersion } from "./registry-layout.ts";

/** More tensors than any model takes or gives. */
const MOST_TENSORS = 1024;

/** More dimensions than any runtime knows. */
const MOST_DIMS = 32;

/** What a Date can be made of: https://tc39.es/ecma262/#sec-time-values-and-time-range */
const LATEST = 8.64e15;

const LEVELS = ["disabled", "basic", "extended", "all"] as const;

/**
 * Reads the file of a captured prediction, which anybody may have written: every field that is used is
 * checked, and each tensor holds as many bytes as its shape says. Whether the bytes have the digests of
 * the record is for the caller to find out. Fields it does not know are left out.
 *
 * @throws SelvedgeError `capture-invalid`, naming the field.
 */
export function parseCapturedPrediction(
  text: string,
  document = "captured prediction",
): CapturedPrediction {
  const root = Field.fromJson(text, document, "capture-invalid");
  root.at("format").oneOf([CAPTURE_FORMAT]);
  return {
    format: CAPTURE_FORMAT,
    record: record(root.at("record")),
    inputs: tensors(root.at("inputs"), capturedTensor),
    outputs: tensors(root.at("outputs"), capturedTensor),
  };
}

function record(field: Field): PredictionRecord {
  const text = (name: string) => field.at(name).text();
  const layout = field.at("layout").optional((one) => one.text());
  const settings = field.at("settings").optional(recordedSettings);
  const cohort = field.at("cohort").optional((one) => one.text());
  const features = field.at("features").optional((one) => one.record(bin));
  const traceId = field.at("traceId").optional((one) => hex(one, 32));
  const timings = field.at("timings");
  const milliseconds = (name: string) => timings.at(name).number({ min: 0 });
  return {
    id: text("id"),
    at: field.at("at").integer({ min: 0, max: LATEST }),
    model: field.at("model").stringThat(isModelName, "a model name"),
    version: field.at("version").stringThat(isVersion, "a version"),
    digest: field.at("digest").sha256(),
    dtype: text("dtype"),
    backend: text("backend"),
    build: text("build"),
    ...(layout === undefined ? {} : { layout }),
    ...(settings === undefined ? {} : { settings }),
    runtime: text("runtime"),
    adapter: text("adapter"),
    browser: text("browser"),
    ...(cohort === undefined ? {} : { cohort }),
    salt: hex(field.at("salt"), 32),
    inputs: tensors(field.at("inputs"), tensorDigest),
    outputs: tensors(field.at("outputs"), tensorDigest),
    ...(features === undefined ? {} : { features }),
    timings: {
      queueMs: milliseconds("queueMs"),
      runMs: milliseconds("runMs"),
      totalMs: milliseconds("totalMs"),
    },
    ...(traceId === undefined ? {} : { traceId }),
  };
}

function recordedSettings(field: Field): RecordedSettings {
  const graphOptimizationLevel = field
    .at("graphOptimizationLevel")
    .optional((one) => one.oneOf(LEVELS));
  const prepacking = field.at("prepacking").optional((one) => one.boolean());
  return {
    ...(graphOptimizationLevel === undefined ? {} : { graphOptimizationLevel }),
    ...(prepacking === undefined ? {} : { prepacking }),
  };
}

function bin(field: Field): number | null {
  return field.isNull ? null : field.integer({ min: 0 });
}

function hex(field: Field, digits: number): string {
  const isHex = (text: string) => text.length === digits && /^[0-9a-f]+$/.test(text);
  return field.stringThat(isHex, `${digits} lower-case hex digits`);
}

function tensors<T>(field: Field, read: (tensor: Field) => T): Record<string, T> {
  if (Object.keys(field.object()).length > MOST_TENSORS)
    field.fail(`at most ${MOST_TENSORS} tensors`);
  return field.record(read);
}

function dimsOf(field: Field): number[] {
  const items = field.items();
  if (items.length > MOST_DIMS) field.fail(`at most ${MOST_DIMS} dimensions`);
  const dims = items.map((dim) => dim.integer({ min: 0 }));
  if (!Number.isSafeInteger(elementCount(dims))) field.fail("dimensions that can be multiplied");
  return dims;
}

function tensorDigest(field: Field): TensorDigest {
  return {
    dtype: field.at("dtype").oneOf(ELEMENT_TYPES),
    dims: dimsOf(field.at("dims")),
    sha256: field.at("sha256").sha256(),
  };
}

function capturedTensor(field: Field): CapturedTensor {
  const type = field.at("type").oneOf(ELEMENT_TYPES);
  const dims = dimsOf(field.at("dims"));
  const data = field.at("data");
  const bytes = tensorBytes(type, dims);
  if (bytes !== undefined) {
    const text = data.string();
    if (fromBase64(text)?.byteLength !== bytes) data.fail(`base64 of ${bytes} bytes`);
    return { type, dims, data: text };
  }
  const texts = data.items().map((one) => one.string());
  if (texts.length !== elementCount(dims)) data.fail(`${elementCount(dims)} texts`);
  return { type, dims, data: texts };
}

import { elementCount } from "@selvedge/protocol";
import type { ValueInfoProto } from "onnx-buf";
import { seededRandom } from "../golden/seeded-random.ts";
import { isRecord } from "../is-record.ts";
import { bytesFrom, isRunnable, type NamedTensor, type RunnableType } from "../named-tensor.ts";
import { elementType } from "../onnx/onnx-element-type.ts";

/** How many tokens to try: answers over a large vocabulary are short only for a few. */
const LENGTHS = [16, 8, 4, 2, 1];

/** Half a second for each eight tokens, at the 16 kHz that speech models are trained on. */
const SAMPLES_PER_TOKEN = 1000;

const LARGEST_INPUT = 2 ** 22;

/** What a `config.json` tells of the inputs; whatever else it may be is not asked. */
export interface TransformersConfig {
  readonly vocabulary: number;
  readonly tokenTypes: number;
  readonly channels: number;
  readonly imageSize: number;
}

/** Reads a parsed `config.json`. What it does not say is as small as it can be, or as usual. */
export function transformersConfig(config: unknown): TransformersConfig {
  // Models of text and images keep each half's numbers in an object of its own.
  const parts = [config, ...["text_config", "vision_config"].map((key) => own(config, key))];
  const number = (key: string, otherwise: number): number =>
    parts.map((part) => own(part, key)).find(isCount) ?? otherwise;
  return {
    vocabulary: number("vocab_size", 2),
    tokenTypes: number("type_vocab_size", 1),
    channels: number("num_channels", 3),
    imageSize: number("image_size", 224),
  };
}

/**
 * Inputs as a tokenizer or an image processor would make them, in order of preference: ids that the
 * vocabulary has, masks that hide nothing, images of the size the model was trained on.
 */
export function transformersInputs(
  inputs: readonly ValueInfoProto[],
  config: TransformersConfig,
): NamedTensor[][] {
  const hasPast = inputs.some(({ name }) => name.startsWith("past_"));
  return LENGTHS.flatMap((length) => {
    const random = seededRandom(1);
    const made = inputs.map((input) => makeInput(input, { length, hasPast, config, random }));
    return made.every((tensor) => tensor !== undefined) ? [made] : [];
  });
}

interface Making {
  readonly length: number;
  /** Whether earlier tokens are fed beside the new ones. */
  readonly hasPast: boolean;
  readonly config: TransformersConfig;
  readonly random: () => number;
}

function makeInput({ name, type }: ValueInfoProto, making: Making): NamedTensor | undefined {
  if (type?.value.case !== "tensorType") return undefined;
  const { elemType, shape } = type.value.value;
  const dtype = elementType(elemType);
  if (dtype === undefined || !isRunnable(dtype) || shape === undefined) return undefined;
  const tokens = name === "input_values" ? SAMPLES_PER_TOKEN * making.length : making.length;
  const dims = shape.dim.map(({ value }, axis) => {
    if (value.case === "dimValue" && value.value > 0n) return Number(value.value);
    const label = value.case === "dimParam" ? value.value : "";
    return axis === 0 && !label.includes("+") ? 1 : sizeOf(label, { ...making, length: tokens });
  });
  const count = elementCount(dims);
  if (count > LARGEST_INPUT) return undefined;
  const values = Array.from({ length: count }, (_, index) =>
    valueFor(name, dtype, { ...making, position: index % (dims.at(-1) ?? 1) }),
  );
  return { name, dtype, dims, bytes: bytesFrom(dtype, values) };
}

/** What a free dimension is, by the name that exporters give it, such as `past_length + 1`. */
function sizeOf(label: string, making: Making): number {
  const { length, hasPast, config } = making;
  const parts = label.split("+").map((part) => part.trim());
  if (parts.length > 1) return parts.reduce((sum, part) => sum + sizeOf(part, making), 0);
  if (/^\d{1,4}$/.test(label)) return Number(label);
  if (label.includes("batch")) return 1;
  if (label.includes("channel")) return config.channels;
  if (/height|width/.test(label)) return config.imageSize;
  return label.startsWith("total") && hasPast ? 2 * length : length;
}

function valueFor(
  name: string,
  dtype: RunnableType,
  { config, random, position }: Making & { readonly position: number },
): number {
  const draw = random();
  if (name.endsWith("mask")) return 1;
  if (dtype.startsWith("float")) return draw * 2 - 1;
  if (dtype === "bool") return 0;
  if (name.endsWith("input_ids")) return Math.floor(draw * config.vocabulary);
  if (name === "token_type_ids") return Math.floor(draw * config.tokenTypes);
  return name === "position_ids" ? position : 1;
}

function own(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 && value < 2 ** 31;
}

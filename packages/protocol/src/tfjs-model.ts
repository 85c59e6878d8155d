import type { ElementType } from "./element-type.ts";
import { elementCount, tensorBytes } from "./element-type.ts";
import { Field } from "./field.ts";
import { SelvedgeError } from "./selvedge-error.ts";

const FORMATS = ["graph-model", "layers-model"] as const;

/** What a weight may be stored as in place of its own type, with which it is computed. */
interface TfjsQuantization {
  readonly dtype: "uint8" | "uint16" | "float16";
  /** `scale * stored + min` is the weight; float16 has neither. */
  readonly scale?: number;
  readonly min?: number;
}

/** A weight, as `model.json` lists it. */
export interface TfjsWeight {
  readonly name: string;
  readonly shape: number[];
  readonly dtype: "float32" | "int32" | "bool";
  readonly quantization?: TfjsQuantization;
}

/** Weights whose bytes follow each other in one or more files. */
export interface TfjsWeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly TfjsWeight[];
}

/**
 * A TensorFlow.js model without its weights: what is read of a `model.json`. The graph of a pack's
 * variant is one too. There each path is the digest of a tensor, or a `data:` address that holds all
 * the smaller ones.
 */
export interface TfjsModel {
  readonly format: (typeof FORMATS)[number];
  readonly modelTopology: Readonly<Record<string, unknown>>;
  readonly weightsManifest: readonly TfjsWeightGroup[];
  /** Whatever else TensorFlow.js reads, such as the signature, by its key in the file. */
  readonly extras: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A model as TensorFlow.js takes it from memory. */
export interface TfjsArtifacts {
  readonly modelTopology: Readonly<Record<string, unknown>>;
  readonly weightSpecs: TfjsWeight[];
  readonly weightData: ArrayBuffer[];
}

const EXTRAS = ["signature", "userDefinedMetadata", "modelInitializer", "initializerSignature"];

const INLINE = "data:application/octet-stream;base64,";

/**
 * Reads a `model.json`.
 *
 * @throws SelvedgeError `model-invalid`, naming the field, or `model-unsupported` for weights of types
 * that no engine takes.
 */
export function parseTfjsModel(text: string, document = "model.json"): TfjsModel {
  const root = Field.fromJson(text, document, "model-invalid");
  const modelTopology = root.at("modelTopology").object();
  const inferred = Array.isArray(modelTopology["node"]) ? "graph-model" : "layers-model";
  // The first converters did not say which of the two they had written.
  const format = root.at("format").optional((field) => field.oneOf(FORMATS)) ?? inferred;
  const names = new Set<string>();
  const weightsManifest = root
    .at("weightsManifest")
    .items()
    .map((group) => ({
      paths: group
        .at("paths")
        .items()
        .map((path) => path.text()),
      weights: group
        .at("weights")
        .items()
        .map((item) => {
          const weight = readWeight(item, document);
          if (names.has(weight.name)) item.at("name").fail("a name that no other weight has");
          names.add(weight.name);
          return weight;
        }),
    }));
  const extras = EXTRAS.flatMap((key) => {
    const field = root.at(key);
    return field.isPresent && !field.isNull ? [[key, field.object()] as const] : [];
  });
  return { format, modelTopology, weightsManifest, extras: Object.fromEntries(extras) };
}

/** A model as the text of a `model.json`: the same for the same model. */
export function encodeTfjsModel({ extras, ...model }: TfjsModel): string {
  return JSON.stringify({ ...model, ...extras });
}

/**
 * A model with its weights, as TensorFlow.js takes it.
 *
 * @throws SelvedgeError `model-invalid` for a path that leads to nothing.
 */
export function tfjsArtifacts(
  { modelTopology, weightsManifest, extras }: TfjsModel,
  contentOf: (path: string) => ArrayBuffer | undefined,
): TfjsArtifacts {
  const contents = weightsManifest.flatMap(({ paths }) =>
    paths.map((path) => {
      const content = path.startsWith(INLINE) ? inlineContent(path) : contentOf(path);
      if (content !== undefined) return content;
      throw new SelvedgeError(
        "model-invalid",
        `The model names weights "${path}" that are not there. Pack it again.`,
      );
    }),
  );
  return {
    ...extras,
    modelTopology,
    weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
    // TensorFlow.js 4.22 takes buffers for equally large when all but the last are, and reads zeros
    // behind that length of the last: an empty one in its place has nothing to lose.
    weightData: [...contents.filter(({ byteLength }) => byteLength > 0), new ArrayBuffer(0)],
  };
}

/** Bytes as an address that a `model.json` can hold in place of a file's. */
export function inlineAddress(bytes: Uint8Array): string {
  return INLINE + btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** The type a weight is stored in. */
export function storedType({ dtype, quantization }: TfjsWeight): ElementType {
  return quantization?.dtype ?? dtype;
}

/** How many bytes a weight is stored in. */
export function storedSize(weight: TfjsWeight): number {
  return tensorBytes(storedType(weight), weight.shape) ?? 0;
}

function inlineContent(address: string): ArrayBuffer {
  const bytes = atob(address.slice(INLINE.length));
  return Uint8Array.from(bytes, (character) => character.charCodeAt(0)).buffer;
}

function readWeight(field: Field, document: string): TfjsWeight {
  const name = field.at("name").text();
  const dtype = field.at("dtype").string();
  if (dtype === "string" || dtype === "complex64")
    throw new SelvedgeError(
      "model-unsupported",
      `${document}: weight "${name}" holds ${dtype === "string" ? "strings" : "complex numbers"}, and only weights of numbers and booleans can be packed. Take what uses it out of the model.`,
    );
  const shape = field
    .at("shape")
    .items()
    .map((size) => size.integer({ min: 0 }));
  if (!Number.isSafeInteger(8 * elementCount(shape))) field.at("shape").fail("fewer elements");
  const weight = { name, shape, dtype: field.at("dtype").oneOf(["float32", "int32", "bool"]) };
  const quantization = field.at("quantization").optional((item) => readQuantization(item, weight));
  return quantization === undefined ? weight : { ...weight, quantization };
}

function readQuantization(
  field: Field,
  { dtype }: Pick<TfjsWeight, "dtype">,
): TfjsQuantization | undefined {
  if (field.isNull) return undefined;
  const stored = field.at("dtype").oneOf(["uint8", "uint16", "float16"]);
  if (dtype === "bool" || (stored === "float16" && dtype !== "float32"))
    field.fail(`no quantization to ${stored}, since the weight is ${dtype}`);
  if (stored === "float16") return { dtype: stored };
  const number = (key: string) => field.at(key).number({ min: -Number.MAX_VALUE });
  return { dtype: stored, scale: number("scale"), min: number("min") };
}

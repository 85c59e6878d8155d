import type { Provenance, TfjsModel } from "@selvedge/protocol";
import type { Attachment } from "../assemble-pack.ts";
import type { NamedTensor } from "../named-tensor.ts";
import type { SourceModel } from "../onnx/read-model.ts";
import type { EngineSource } from "../runtime/open-session.ts";

/** A model where it lives, opened, with what lies beside it. */
export type ModelSource = OnnxSource | TfjsSource;

/** A model that is ONNX, or has become so. */
interface OnnxSource extends Beside {
  readonly engine: "onnx";
  readonly model: SourceModel;
}

/** A model of TensorFlow.js. */
export interface TfjsSource extends Beside {
  readonly engine: "tfjs";
  readonly model: TfjsModel;
  /** The model as it lies there, its weights by the paths that it knows them by. */
  readonly original: EngineSource & {
    readonly weights: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  };
  /** Where it came from, as the manifest tells it: the model and its weights in one. */
  readonly source: Provenance["source"];
}

/** What a model may have beside it, of whichever kind it is. */
interface Beside {
  /** Files that lie beside the model and belong to it. */
  readonly attachments: readonly Attachment[];
  /** Cases of inputs that the model is known to take; absent where nothing is known of them. */
  readonly inputs?: readonly (readonly NamedTensor[])[];
  /** Inputs to try, in order of preference, before any are made from the signature. */
  readonly candidates?: readonly (readonly NamedTensor[])[];
  /** An SPDX expression, where one is told. */
  readonly license?: string;
  /** What is worth knowing, though nothing is wrong. */
  readonly notes: readonly string[];
}

/** A file or folder that someone wants packed. */
export interface SourcePlace {
  readonly path: string;
  /** The names in it, sorted, where it is a folder. */
  readonly entries: readonly string[] | undefined;
  /** Which of several models in a folder, as a path within it. */
  readonly file: string | undefined;
}

/** One way in which models lie in a file system. */
export interface SourceKind {
  /** What to look for, to end the sentence "this would be". */
  readonly description: string;
  fits(place: SourcePlace): boolean;
  /** @throws SelvedgeError where what fits cannot be packed. */
  open(place: SourcePlace): Promise<ModelSource>;
}

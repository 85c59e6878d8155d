import type { ProbabilityMap } from "./connected-components.ts";
import type { Reading } from "./ctc-decode.ts";
import type { Size } from "./picture-size.ts";
import type { TextBox } from "./text-box.ts";

/** Planes of pixels for a network: f32[1, 3, height, width]. */
export interface NetworkInput extends Size {
  readonly planes: Float32Array<ArrayBuffer>;
}

/** A picture that the worker holds until it is closed. */
interface OpenPicture extends Size {
  readonly id: number;
  /** What the detector looks at. */
  readonly detection: NetworkInput;
}

/**
 * What the vision worker does: everything between a file and the two networks that would hold up a
 * page. Arrays are transferred, in both directions.
 */
export interface VisionApi {
  /** The recogniser's characters, one a line. Comes before the first `readLine`. */
  learnKeys(keys: Uint8Array): void;
  /** Decodes a picture. Anything else is an `unreadablePicture`. */
  open(file: Blob): Promise<OpenPicture>;
  /** The detector's map as lines of text, in reading order, in the picture's pixels. */
  findLines(pictureId: number, map: ProbabilityMap): readonly TextBox[];
  /** One line, upright, as the recogniser takes it. */
  cutLine(pictureId: number, box: TextBox): NetworkInput;
  /** The recogniser's probabilities, `classes` to a step, as text. */
  readLine(probabilities: Float32Array, classes: number): Reading;
  close(pictureId: number): void;
}

import { transfer } from "comlink";
import type { Tensor } from "selvedge";
import { hasEnoughLetters } from "../language/enough-letters.ts";
import type { LanguageGuess } from "../language/identify-language.ts";
import type { CountedModel } from "../loading/counted-model.ts";
import type { Models } from "../loading/load-models.ts";
import type { Judge } from "../ui/judging.ts";
import type { Size } from "../vision/picture-size.ts";
import type { TextBox } from "../vision/text-box.ts";
import type { NetworkInput } from "../vision/vision-api.ts";
import type { Vision } from "./open-vision.ts";

/** Below this mean probability a line is noise more often than text. */
const LEAST_CONFIDENCE = 0.5;

/** How long the parts of a reading took, on the page's clock. */
export interface ReadingTimes {
  readonly findMs: number;
  readonly readMs: number;
  readonly lines: number;
}

/** What becomes known of a picture, as it becomes known. Lines go by the number of their box. */
export interface ReadingEvents {
  onBoxes(size: Size, boxes: readonly TextBox[]): void;
  /** @param judge says whether the line was read right */
  onLine(index: number, text: string, judge: Judge): void;
  /** The box held no text after all. */
  onNothing(index: number): void;
  onLanguage(index: number, language: LanguageGuess): void;
}

interface FloatTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

function floatsOf(tensor: Tensor | undefined): FloatTensor {
  if (tensor?.data instanceof Float32Array) return { data: tensor.data, dims: tensor.dims };
  throw new Error("The model answered with something other than a float32 tensor.");
}

/** Both networks have one input, `x`, and one output, whose name differs between their releases. */
async function run(
  model: CountedModel,
  { planes, width, height }: NetworkInput,
  signal: AbortSignal,
): Promise<FloatTensor & { readonly id: string }> {
  const x = { type: "float32", data: planes, dims: [1, 3, height, width] } as const;
  const { id, outputs } = await model.predict({ x }, signal);
  return { ...floatsOf(Object.values(outputs)[0]), id };
}

/**
 * Reads a picture: finds its lines, reads each, and names the language of those that are long enough.
 *
 * @throws AbortError when the signal fires; an `unreadablePicture` error for a file that is none;
 * SelvedgeError where a model fails.
 */
export async function readPicture(
  file: Blob,
  {
    models,
    vision,
    events,
    signal,
  }: {
    models: Models;
    vision: Vision;
    events: ReadingEvents;
    signal: AbortSignal;
  },
): Promise<ReadingTimes> {
  const startedAt = performance.now();
  const picture = await vision.open(file);
  try {
    signal.throwIfAborted();
    const { data } = await run(models.detector, picture.detection, signal);
    const { width, height } = picture.detection;
    const map = { values: data, width, height };
    const boxes = await vision.findLines(picture.id, transfer(map, [data.buffer]));
    signal.throwIfAborted();
    events.onBoxes(picture, boxes);
    const foundAt = performance.now();

    let lines = 0;
    const languages: Promise<void>[] = [];
    for (const [index, box] of boxes.entries()) {
      const { text, confidence, id } = await readLine(box);
      signal.throwIfAborted();
      if (text === "" || confidence < LEAST_CONFIDENCE) {
        events.onNothing(index);
        continue;
      }
      lines += 1;
      events.onLine(index, text, (correct) => models.recogniser.feedback(id, { correct }));
      if (hasEnoughLetters(text)) languages.push(nameLanguage(index, text));
    }
    const readMs = performance.now() - foundAt;
    await Promise.all(languages);
    return { findMs: foundAt - startedAt, readMs, lines };
  } finally {
    await vision.close(picture.id);
  }

  async function readLine(box: TextBox) {
    const line = await vision.cutLine(picture.id, box);
    const { data, dims, id } = await run(models.recogniser, line, signal);
    return { ...(await vision.readLine(transfer(data, [data.buffer]), dims.at(-1) ?? 1)), id };
  }

  async function nameLanguage(index: number, text: string): Promise<void> {
    const { guesses } = await models.languages.identify(text, 1, signal);
    const [language] = guesses;
    if (language && !signal.aborted) events.onLanguage(index, language);
  }
}

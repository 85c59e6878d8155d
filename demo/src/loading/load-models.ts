import { createSelvedge, type LoadOptions } from "selvedge";
import {
  createLanguageIdentifier,
  type LanguageIdentifier,
} from "../language/identify-language.ts";
import { type CountedModel, countAnswers } from "./counted-model.ts";
import { createTotalProgress, type TotalProgress } from "./total-progress.ts";

/** Everything the page asks questions of. */
export interface Models {
  readonly detector: CountedModel;
  readonly recogniser: CountedModel;
  /** The recogniser's characters, one a line. */
  readonly keys: Uint8Array;
  readonly languages: LanguageIdentifier;
  /** Sends what was measured so far. */
  flushTelemetry(): Promise<void>;
}

/** What the page asks its registry for. */
export const MODEL_NAMES = ["ocr-det", "ocr-rec", "lande"] as const;

/**
 * Loads the page's models together: what the device has starts at once, the rest is fetched.
 *
 * @throws SelvedgeError where one of them cannot be had; nothing is left running then.
 */
export async function loadModels({
  backend,
  onProgress,
  onAnswer,
  onSend,
}: {
  backend: NonNullable<LoadOptions["backend"]>;
  onProgress: (progress: TotalProgress) => void;
  /** Told of every answer a model gave. */
  onAnswer: (model: string) => void;
  onSend: (batch: unknown) => void;
}): Promise<Models> {
  const selvedge = createSelvedge({
    registry: "/models",
    assets: "/selvedge/",
    telemetry: { endpoint: "/v1", service: "demo", onSend },
  });
  const add = createTotalProgress(MODEL_NAMES);
  const load = async (name: (typeof MODEL_NAMES)[number]): Promise<CountedModel> => {
    const model = await selvedge.load(name, {
      backend,
      onProgress: (progress) => onProgress(add(progress)),
    });
    return countAnswers(model, () => onAnswer(name));
  };

  try {
    const [detector, recogniser, lande] = await Promise.all([
      load("ocr-det"),
      load("ocr-rec"),
      load("lande"),
    ]);
    const [keys, languages] = await Promise.all([
      recogniser.attachment("ppocr_keys_v1.txt"),
      createLanguageIdentifier(lande),
    ]);
    const flushTelemetry = () => selvedge.telemetry.flush();
    return { detector, recogniser, keys, languages, flushTelemetry };
  } catch (error) {
    await selvedge.close();
    throw error;
  }
}

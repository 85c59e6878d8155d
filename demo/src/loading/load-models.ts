import { createSelvedge, type LoadOptions, type Model } from "selvedge";
import {
  createLanguageIdentifier,
  type LanguageIdentifier,
} from "../language/identify-language.ts";
import { createTotalProgress, type TotalProgress } from "./total-progress.ts";

/** Everything the page asks questions of. */
export interface Models {
  readonly detector: Model;
  readonly recogniser: Model;
  /** The recogniser's characters, one a line. */
  readonly keys: Uint8Array;
  readonly languages: LanguageIdentifier;
  /** Sends what was measured so far. */
  flushTelemetry(): Promise<void>;
}

const NAMES = ["ocr-det", "ocr-rec", "lande"] as const;

/**
 * Loads the page's models together: what the device has starts at once, the rest is fetched.
 *
 * @throws SelvedgeError where one of them cannot be had; nothing is left running then.
 */
export async function loadModels({
  backend,
  onProgress,
  onSend,
}: {
  backend: NonNullable<LoadOptions["backend"]>;
  onProgress: (progress: TotalProgress) => void;
  onSend: (batch: unknown) => void;
}): Promise<Models> {
  const selvedge = createSelvedge({
    registry: "/models",
    assets: "/selvedge/",
    telemetry: { endpoint: "/v1", service: "demo", onSend },
  });
  const add = createTotalProgress(NAMES);
  const load = (name: (typeof NAMES)[number]): Promise<Model> =>
    selvedge.load(name, { backend, onProgress: (progress) => onProgress(add(progress)) });

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

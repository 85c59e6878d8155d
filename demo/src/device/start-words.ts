import type { ModelInfo } from "selvedge";
import { formatBytes, formatMs } from "../ui/quantities.ts";

type Start = ModelInfo["start"];

/** How an engine came to be, for people. */
export interface StartWords {
  /** In a word. */
  readonly title: string;
  /** What was woken and how long that took, or why nothing was. */
  readonly detail: string;
  /** Whether something went wrong on the way, though the model serves. */
  readonly isSetback: boolean;
}

const WHERE: Readonly<Record<Start["step"], string>> = {
  run: "in a runtime that only runs",
  full: "in the full runtime",
  none: "",
};

/** Why it was loaded, where the reason that the SDK gives needs words around it. */
const WHY: Readonly<Record<Exclude<Start["code"], "woken">, (reason: string) => string>> = {
  "not-known": () =>
    "No image of it is known here. Where waking turns out faster than loading, one is made in idle time.",
  "no-image": (reason) => `Nothing could be woken: ${reason}.`,
  shared: (reason) => `Loading is as fast here: ${reason}.`,
  off: (reason) => `Nothing is woken here: ${reason}.`,
  failed: sentence,
  wrong: sentence,
};

/** Says how an engine came to be: woken or loaded, from what, in what time, and why not otherwise. */
export function startWords({ code, step, reason, image, noImage, trap }: Start): StartWords {
  const trapped =
    trap === undefined
      ? ""
      : " Since then a call needed what the fitted runtime lacks, and another engine answered it.";
  if (code === "woken") {
    const what = image === undefined ? "" : ` from an image of ${formatBytes(image.bytes)}`;
    const took =
      image === undefined
        ? ""
        : `: read in ${formatMs(image.readMs)}, put back in ${formatMs(image.restoreMs)}`;
    return {
      title: "Woken",
      detail: `${sentence(`${WHERE[step]}${what}${took}`)}${trapped}`,
      isSetback: trap !== undefined,
    };
  }
  const isSetback = code === "failed" || code === "wrong" || trap !== undefined;
  const why =
    noImage === undefined || code === "failed" || code === "wrong"
      ? WHY[code](reason)
      : sentence(`there is no image of it to wake: ${noImage}`);
  return { title: "Loaded", detail: `${why}${trapped}`, isSetback };
}

/** Begins large, and ends with one full stop. */
function sentence(text: string): string {
  const trimmed = text.trim().replace(/\.$/, "");
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}.`;
}

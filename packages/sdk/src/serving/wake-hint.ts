import type { WakeStep } from "../worker/engine-api.ts";

/** After so long a step that failed is tried again: the runtime may have been fitted anew. */
const FORGET_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * What a page knows of a model's image before its engine worker has looked: that one was proven on this
 * device, and at which step it woke last. A hint that is wrong costs time, and nothing else; where the
 * browser refuses to keep any, nothing is woken.
 */
export const wakeHint = {
  /** The step to begin with; `none` where there is likely no image. */
  of(name: string): WakeStep {
    const [step, at] = read(name).split(" ");
    if (step !== "full") return step === "run" ? "run" : "none";
    return Math.abs(Date.now() - Number(at)) < FORGET_MS ? "full" : "run";
  },

  /** Says that an image is there, or that there is none. Answers whether that could be kept. */
  note(name: string, step: WakeStep): boolean {
    try {
      if (step === "none") localStorage.removeItem(keyOf(name));
      else localStorage.setItem(keyOf(name), `${step} ${Date.now()}`);
      return true;
    } catch {
      return false;
    }
  },
};

function read(name: string): string {
  try {
    return localStorage.getItem(keyOf(name)) ?? "";
  } catch {
    // An opaque origin, a webview without storage, or a user who refuses it.
    return "";
  }
}

function keyOf(name: string): string {
  return `selvedge.image ${name}`;
}

import type { WakeStep } from "../worker/engine-api.ts";
import type { PackSelector } from "../worker/keeper-api.ts";

/** After so long a step that failed is tried again: the runtime may have been fitted anew. */
const FORGET_MS = 7 * 24 * 60 * 60 * 1000;

/** What a page asked for: each has an image of its own. */
export type Asked = Pick<PackSelector, "name" | "dtype">;

/**
 * What a page knows of a model's image before its engine worker has looked: that one was proven on this
 * device, and at which step it woke last. A hint that is wrong costs time, and nothing else; where the
 * browser refuses to keep any, nothing is woken.
 */
export const wakeHint = {
  /** The step to begin with; `none` where there is likely no image. */
  of(asked: Asked): WakeStep {
    const [step, isOld] = read(imageKey(asked));
    if (step !== "full") return step === "run" ? "run" : "none";
    return isOld ? "run" : "full";
  },

  /** Says that an image is there, or that there is none. Answers whether that could be kept. */
  note(asked: Asked, step: WakeStep): boolean {
    return keep(imageKey(asked), step);
  },
};

/** What a page knows of how a model is loaded where it is not woken. */
export const loadHint = {
  /** Whether it needs all of the runtime: one that was fitted to others has trapped. */
  isFull(asked: Asked): boolean {
    const [step, isOld] = read(loadKey(asked));
    return step === "full" && !isOld;
  },

  noteFull(asked: Asked): void {
    keep(loadKey(asked), "full");
  },
};

function read(key: string): readonly [step: string | undefined, isOld: boolean] {
  try {
    const [step, at] = (localStorage.getItem(key) ?? "").split(" ");
    return [step, !(Math.abs(Date.now() - Number(at)) < FORGET_MS)];
  } catch {
    // An opaque origin, a webview without storage, or a user who refuses it.
    return [undefined, true];
  }
}

function keep(key: string, step: WakeStep): boolean {
  try {
    if (step === "none") localStorage.removeItem(key);
    else localStorage.setItem(key, `${step} ${Date.now()}`);
    return true;
  } catch {
    return false;
  }
}

function imageKey({ name, dtype }: Asked): string {
  return `selvedge.image ${name} ${dtype}`;
}

function loadKey({ name, dtype }: Asked): string {
  return `selvedge.load ${name} ${dtype}`;
}

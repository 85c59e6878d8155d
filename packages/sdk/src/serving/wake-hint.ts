import type { ImageAt, WakeStep } from "../worker/engine-api.ts";
import { localText } from "./local-text.ts";

/** After so long a step that failed is tried again: the runtime may have been fitted anew. */
const FORGET_MS = 7 * 24 * 60 * 60 * 1000;

const IS_KEY = /^[\da-f]{64}$/;

/**
 * What a page knows of a model's image before its engine worker has looked: that one was proven on this
 * device, and at which step it woke last. It is of a name, whatever is asked of that, so that it can be
 * taken from everyone who would wake what is being written. A hint that is wrong costs time, and nothing else; where the
 * browser refuses to keep any, nothing is woken.
 */
export const wakeHint = {
  /** The step to begin with; `none` where there is likely no image. */
  of(name: string): WakeStep {
    const [step, at] = read(imageKey(name));
    if (step !== "full") return step === "run" ? "run" : "none";
    return isOld(at) ? "run" : "full";
  },

  /** Where the image is, as far as that is known. */
  imageOf(name: string): ImageAt | undefined {
    const [, , key = "", place, bytes] = read(imageKey(name));
    const isPlace = place === "opfs" || place === "indexeddb";
    const size = Number(bytes);
    return IS_KEY.test(key) && isPlace && size > 0 ? { key, place, bytes: size } : undefined;
  },

  /** Says that an image is there, or that there is none. Answers whether that could be kept. */
  note(name: string, step: WakeStep, image?: ImageAt): boolean {
    const at = image === undefined ? [] : [image.key, image.place, image.bytes];
    const [before, since] = read(imageKey(name));
    // A step is left out for a week, however often the next one wakes meanwhile.
    const isSame = step === "full" && before === "full" && !isOld(since);
    return keep(imageKey(name), step, { at, ...(isSame && { since }) });
  },
};

/** What a page knows of how a model is loaded where it is not woken. */
export const loadHint = {
  /** Whether it needs all of the runtime: one that was fitted to others has trapped. */
  isFull(name: string): boolean {
    const [step, at] = read(loadKey(name));
    return step === "full" && !isOld(at);
  },

  noteFull(name: string): void {
    keep(loadKey(name), "full");
  },
};

/** What a page knows of whether the store has a model: no image ships with what is there. */
export const storedHint = {
  isNoted(name: string): boolean {
    return read(storedKey(name))[0] === "run";
  },

  note(name: string): void {
    keep(storedKey(name), "run");
  },
};

/** What is kept besides a step: where its image is, and since when a step is left out. */
interface Kept {
  readonly at?: readonly (string | number)[];
  readonly since?: string | number | undefined;
}

function read(key: string): readonly string[] {
  return localText.read(key).split(" ");
}

function isOld(at: string | undefined): boolean {
  return !(Math.abs(Date.now() - Number(at)) < FORGET_MS);
}

function keep(key: string, step: WakeStep, { at = [], since = Date.now() }: Kept = {}): boolean {
  // Only a step that is left out has its time.
  const text = [step, step === "full" ? since : 0, ...at].join(" ");
  return localText.keep(key, step === "none" ? "" : text);
}

function imageKey(name: string): string {
  return `selvedge.image ${name}`;
}

function loadKey(name: string): string {
  return `selvedge.load ${name}`;
}

function storedKey(name: string): string {
  return `selvedge.stored ${name}`;
}

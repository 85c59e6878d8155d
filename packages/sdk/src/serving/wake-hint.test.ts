import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { stubLocalStorage } from "./local-storage.fixture.ts";
import { loadHint, wakeHint } from "./wake-hint.ts";

const REC = "ocr-rec";

beforeEach(stubLocalStorage);

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("without a hint nothing is woken; each model has its own", () => {
  expect(wakeHint.of(REC)).toBe("none");
  expect(wakeHint.note(REC, "run")).toBe(true);
  expect(wakeHint.of(REC)).toBe("run");
  expect(wakeHint.of("ocr-det")).toBe("none");
  wakeHint.note(REC, "none");
  expect(wakeHint.of(REC)).toBe("none");
});

test("a step that failed is left out for a week, and then tried again", () => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  wakeHint.note(REC, "full");
  vi.advanceTimersByTime(6 * 24 * 60 * 60 * 1000);
  expect(wakeHint.of(REC)).toBe("full");
  vi.advanceTimersByTime(2 * 24 * 60 * 60 * 1000);
  expect(wakeHint.of(REC)).toBe("run");
});

test("and no longer, though the next step wakes on every visit and says where its image is", () => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  const at = { key: "ab".repeat(32), place: "opfs", bytes: 8192 } as const;
  wakeHint.note(REC, "full");
  for (let day = 1; day <= 6; day++) {
    vi.advanceTimersByTime(24 * 60 * 60 * 1000);
    wakeHint.note(REC, "full", at);
    expect([wakeHint.of(REC), wakeHint.imageOf(REC)]).toEqual(["full", at]);
  }
  vi.advanceTimersByTime(24 * 60 * 60 * 1000);
  expect(wakeHint.of(REC)).toBe("run");
  // It has failed anew.
  wakeHint.note(REC, "full");
  expect(wakeHint.of(REC)).toBe("full");
});

test("where the browser refuses, nothing is kept, nothing woken, and nothing thrown", () => {
  const refuse = () => {
    throw new DOMException("denied", "SecurityError");
  };
  vi.stubGlobal("localStorage", { getItem: refuse, setItem: refuse, removeItem: refuse });
  expect(wakeHint.note(REC, "run")).toBe(false);
  expect(wakeHint.of(REC)).toBe("none");
});

test("what someone else wrote there is no hint", () => {
  localStorage.setItem("selvedge.image ocr-rec", "soon");
  expect(wakeHint.of(REC)).toBe("none");
});

test("that a model needs all of the runtime is remembered for a week, whatever is known of its image", () => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  expect(loadHint.isFull(REC)).toBe(false);
  loadHint.noteFull(REC);
  wakeHint.note(REC, "none");
  expect([loadHint.isFull(REC), wakeHint.of(REC)]).toEqual([true, "none"]);
  vi.advanceTimersByTime(8 * 24 * 60 * 60 * 1000);
  expect(loadHint.isFull(REC)).toBe(false);
});

test("where the image is comes with it, until it is written anew", () => {
  const at = { key: "ab".repeat(32), place: "opfs", bytes: 8192 } as const;
  expect(wakeHint.imageOf(REC)).toBeUndefined();
  wakeHint.note(REC, "run", at);
  expect([wakeHint.of(REC), wakeHint.imageOf(REC)]).toEqual(["run", at]);
  wakeHint.note(REC, "run");
  expect([wakeHint.of(REC), wakeHint.imageOf(REC)]).toEqual(["run", undefined]);
  localStorage.setItem("selvedge.image ocr-rec", "run 0 ../pages opfs 8192");
  expect(wakeHint.imageOf(REC)).toBeUndefined();
});

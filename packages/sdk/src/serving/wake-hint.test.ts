import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { wakeHint } from "./wake-hint.ts";

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("without a hint nothing is woken; each model has its own", () => {
  expect(wakeHint.of("ocr-rec")).toBe("none");
  expect(wakeHint.note("ocr-rec", "run")).toBe(true);
  expect(wakeHint.of("ocr-rec")).toBe("run");
  expect(wakeHint.of("ocr-det")).toBe("none");
  wakeHint.note("ocr-rec", "none");
  expect(wakeHint.of("ocr-rec")).toBe("none");
});

test("a step that failed is left out for a week, and then tried again", () => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  wakeHint.note("ocr-rec", "full");
  vi.advanceTimersByTime(6 * 24 * 60 * 60 * 1000);
  expect(wakeHint.of("ocr-rec")).toBe("full");
  vi.advanceTimersByTime(2 * 24 * 60 * 60 * 1000);
  expect(wakeHint.of("ocr-rec")).toBe("run");
});

test("where the browser refuses, nothing is kept, nothing woken, and nothing thrown", () => {
  const refuse = () => {
    throw new DOMException("denied", "SecurityError");
  };
  vi.stubGlobal("localStorage", { getItem: refuse, setItem: refuse, removeItem: refuse });
  expect(wakeHint.note("ocr-rec", "run")).toBe(false);
  expect(wakeHint.of("ocr-rec")).toBe("none");
});

test("what someone else wrote there is no hint", () => {
  localStorage.setItem("selvedge.image ocr-rec", "soon");
  expect(wakeHint.of("ocr-rec")).toBe("none");
});

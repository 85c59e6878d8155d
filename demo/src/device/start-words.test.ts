import { expect, test } from "vitest";
import { startWords } from "./start-words.ts";

const image = { key: "k", bytes: 15_912_345, place: "opfs" as const, readMs: 21.6, restoreMs: 8.2 };

test("what was woken says from what, where, and how long it took", () => {
  expect(startWords({ code: "woken", step: "run", reason: "as asked", image })).toEqual({
    title: "Woken",
    detail:
      "In a runtime that only runs from an image of 15.9 MB: read in 22 ms, put back in 8 ms.",
    isSetback: false,
  });
});

test("what was loaded says why", () => {
  const loaded = { step: "none" } as const;
  const words = (code: "not-known" | "no-image" | "shared" | "off", reason: string) =>
    startWords({ ...loaded, code, reason });
  expect(words("not-known", "no image of it is known here")).toMatchObject({
    title: "Loaded",
    detail: expect.stringContaining("made in idle time"),
    isSetback: false,
  });
  expect(words("no-image", "there is no image yet").detail).toBe(
    "Nothing could be woken: there is no image yet.",
  );
  expect(words("shared", "the worker has a runtime already").detail).toBe(
    "Loading is as fast here: the worker has a runtime already.",
  );
});

test("what could not be written down says why", () => {
  const loaded = {
    step: "none",
    code: "not-known",
    reason: "no image of it is known here",
  } as const;
  expect(startWords({ ...loaded, noImage: "the user saves data" })).toEqual({
    title: "Loaded",
    detail: "There is no image of it to wake: the user saves data.",
    isSetback: false,
  });
});

test("what went wrong on the way stands out, in the SDK's own words", () => {
  const reason = "an engine that was woken failed: it trapped.";
  expect(startWords({ code: "failed", step: "none", reason })).toEqual({
    title: "Loaded",
    detail: "An engine that was woken failed: it trapped.",
    isSetback: true,
  });
  const trap = { step: "run", dims: { x: [1, 3, 48, 320] } } as const;
  const trapped = startWords({ code: "woken", step: "full", reason: "as asked", image, trap });
  expect(trapped.isSetback).toBe(true);
  expect(trapped.detail).toContain("another engine answered it");
});

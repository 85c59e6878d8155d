import { SelvedgeError } from "@selvedge/protocol";
import { beforeEach, expect, test } from "vitest";
import type { Tensors } from "../tensor.ts";
import type { WakeStep, Waking } from "../worker/engine-api.ts";
import { WakeSteps } from "./wake-steps.ts";

const IMAGE = {
  place: "opfs" as const,
  key: "ab".repeat(32),
  bytes: 8192,
  readMs: 4,
  restoreMs: 1,
};

let steps: WakeSteps;

beforeEach(() => {
  steps = new WakeSteps();
  steps.mayWake = true;
});

const woken = (step: WakeStep): Waking => ({ step, reason: "as it should be", image: IMAGE });

const crash = (detail = {}) => new SelvedgeError("engine-crashed", "unreachable", { detail });

/** It broke, with a call or without one, as it ran or before it was open. */
const broke = (error: SelvedgeError, inputs?: Tensors, isOpen = true) => ({
  ...{ error, inputs, isOpen, hasAnswered: false },
});

const x = (...dims: number[]): Tensors => ({
  x: { type: "float32", data: new Float32Array(dims.reduce((count, dim) => count * dim, 1)), dims },
});

test("what the hint says is tried first, and without one nothing is", () => {
  expect((["run", "full", "none"] as const).map((hint) => steps.next(hint))).toEqual([
    "run",
    "full",
    "none",
  ]);
});

test("a step that failed leads to the next, whatever the hint says, and for as long as the host lives", () => {
  steps.opened(woken("run"), false);
  expect(steps.failed("run", broke(crash()))).toBe(true);
  expect(steps.next("run")).toBe("full");
  steps.opened(woken("full"), false);
  expect(steps.start).toMatchObject({ step: "full", code: "woken" });
  expect(steps.start.reason).toContain("unreachable");
  expect(steps.failed("full", broke(crash()))).toBe(true);
  expect(steps.next("run")).toBe("none");
  expect(steps.opened(undefined, false)).toMatchObject({ step: "none", code: "failed" });
});

test("what had answered is woken as it was, unless it lacks a part of its runtime", () => {
  steps.opened(woken("run"), false);
  expect(steps.failed("run", { ...broke(crash(), x(1)), hasAnswered: true })).toBe(false);
  expect([steps.next("run"), steps.isFull]).toEqual(["run", false]);
  const trap = broke(crash({ isFitted: true }), x(1));
  expect(steps.failed("run", { ...trap, hasAnswered: true })).toBe(true);
  expect([steps.next("run"), steps.isFull]).toEqual(["full", true]);
});

test("an engine that was loaded and fails has nothing to step down to", () => {
  steps.opened(undefined, false);
  expect(steps.failed("none", broke(crash()))).toBe(false);
  expect(steps.next("run")).toBe("run");
});

test("a fitted runtime that traps while it loads is followed by all of it, once", () => {
  const trap = broke(crash({ isFitted: true }), undefined, false);
  expect(steps.failed("none", trap)).toBe(true);
  expect(steps.isFull).toBe(true);
  expect(steps.failed("none", trap)).toBe(false);
  const start = steps.opened(undefined, false);
  expect(start).toMatchObject({ code: "not-known", trap: { step: "none" } });
  expect(start.reason).toContain("the fitted runtime lacked what it needs");
});

test("a trap is told with the dims it came with, a crash of another kind is not", () => {
  steps.opened(woken("run"), false);
  steps.failed("run", broke(crash(), x(1)));
  expect(steps.start.trap).toBeUndefined();
  steps.failed("run", broke(crash({ isFitted: true, isWoken: true }), x(2)));
  expect(steps.start.trap).toEqual({ step: "run", dims: { x: [2] } });
});

test("a caller without patience says nothing about an image", () => {
  const late = (timeoutMs: number) =>
    new SelvedgeError("engine-timeout", "late", { detail: { timeoutMs } });
  steps.opened(woken("run"), false);
  expect(steps.failed("run", broke(late(200)))).toBe(false);
  expect(steps.next("run")).toBe("run");
  expect(steps.failed("run", broke(late(5_000)))).toBe(true);
});

test("the image that failed in all of the runtime is doubted once, and none is that failed in a part", () => {
  steps.opened(woken("run"), false);
  steps.failed("run", broke(crash({ isFitted: true }), x(1)));
  expect(steps.takeDoubt(x(1))).toBeUndefined();
  steps.opened(woken("full"), false);
  steps.failed("full", broke(crash()));
  expect(steps.takeDoubt(x(1))).toMatchObject({ key: IMAGE.key });
  expect(steps.takeDoubt(x(1))).toBeUndefined();
});

test("an image is doubted at the call that it failed at, and at no other that a loaded engine answers", () => {
  const inputs = x(1);
  steps.opened(woken("full"), false);
  steps.failed("full", broke(crash(), inputs));
  expect(steps.takeDoubt(x(1))).toBeUndefined();
  expect(steps.takeDoubt(inputs)).toMatchObject({ key: IMAGE.key });
});

test("what breaks a loaded engine, too, says nothing about an image", () => {
  const inputs = x(1);
  steps.opened(woken("full"), false);
  steps.failed("full", broke(crash(), inputs));
  steps.opened(undefined, false);
  expect(steps.failed("none", broke(crash(), inputs))).toBe(false);
  expect(steps.takeDoubt(inputs)).toBeUndefined();
});

test("a worker that could not be started says nothing about the image that woke in the one before", () => {
  steps.opened(woken("full"), false);
  steps.failed("full", broke(crash({ hasRun: false }), undefined, false));
  expect(steps.takeDoubt(x(1))).toBeUndefined();
});

test("an image that fails before it is open is known by the failure", () => {
  const detail = { isWoken: true, image: "cd".repeat(32) };
  steps.failed("full", broke(crash(detail), undefined, false));
  expect(steps.takeDoubt(x(1))).toMatchObject({ key: "cd".repeat(32) });
});

test("wrong answers end all waking at once", () => {
  steps.opened(woken("run"), false);
  steps.wrong("y[0] is 2");
  expect(steps.next("run")).toBe("none");
  expect(steps.opened(undefined, false)).toMatchObject({ code: "wrong", step: "none" });
  expect(steps.start.reason).toContain("y[0] is 2");
});

test.each([
  ["not-known", undefined, false],
  ["no-image", { step: "none", reason: "its digest is another" }, false],
  ["shared", undefined, true],
] as const)("a load is told as %s", (code, waking, isShared) => {
  expect(steps.opened(waking, isShared)).toMatchObject({ code, step: "none" });
});

test("where nothing may be woken, nothing is, and that is why", () => {
  steps.mayWake = false;
  expect(steps.next("run")).toBe("none");
  expect(steps.opened(undefined, false).code).toBe("off");
});

test("what a pack came with and does not wake says why, and nothing is tried after it", () => {
  expect(steps.next("run")).toBe("run");
  steps.lacks("no-image", "no image of it ships with the pack");
  expect(steps.next("run")).toBe("none");
  const reason = "no image of it ships with the pack";
  expect(steps.opened(undefined, false)).toMatchObject({ code: "no-image", step: "none", reason });
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answers } from "../api.ts";
import { type ApiFault, ApiProblem } from "../api-problem.ts";
import { createDashboardState, type DashboardState } from "./dashboard-state.ts";
import { poll, type Visibility } from "./poll.ts";
import { createReadToken } from "./read-token.ts";
import { parseView } from "./view.ts";

const NOTHING: Answers = {
  models: { models: [] },
  focus: { model: undefined, version: undefined, a: undefined, b: undefined },
  parts: {},
};

class Page extends EventTarget {
  visibilityState: DocumentVisibilityState = "visible";
  show(visibilityState: DocumentVisibilityState): void {
    this.visibilityState = visibilityState;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

let asked: number;
let isUp: boolean;
let fault: ApiFault;
let page: Page;
let state: DashboardState;

beforeEach(async () => {
  vi.useFakeTimers();
  asked = 0;
  isUp = true;
  fault = { kind: "unreachable" };
  page = new Page();
  state = createDashboardState({
    ask: async () => {
      asked += 1;
      if (!isUp) throw new ApiProblem(fault);
      return NOTHING;
    },
    view: parseView("?range=1h"),
    token: createReadToken(() => {
      throw new Error("this tab has no storage");
    }),
    now: () => 0,
  });
  poll(state, page satisfies Visibility);
  await vi.advanceTimersByTimeAsync(0);
});

afterEach(() => vi.useRealTimers());

test("asks at once, then every few seconds, also after a failure", async () => {
  expect(asked).toBe(1);
  isUp = false;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toBe(2);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toBe(3);
});

test("asks nothing while hidden, and at once when shown again", async () => {
  page.show("hidden");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(1);
  page.show("visible");
  expect(asked).toBe(2);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toBe(3);
});

test("asks nothing while paused, but answers a new choice", async () => {
  state.isLive.value = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(1);
  state.view.value = parseView("?range=24h");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(2);
  state.isLive.value = true;
  expect(asked).toBe(3);
});

test("a new choice restarts the wait instead of adding a second one", async () => {
  await vi.advanceTimersByTimeAsync(4_000);
  state.view.value = parseView("?range=15m");
  await vi.advanceTimersByTimeAsync(4_000);
  expect(asked).toBe(2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toBe(3);
});

test("asks nothing while a token is wanted, and at once when there is one", async () => {
  isUp = false;
  fault = { kind: "status", path: "api/models", status: 401 };
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toBe(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(2);
  isUp = true;
  state.token.set("secret");
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toBe(3);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toBe(4);
});

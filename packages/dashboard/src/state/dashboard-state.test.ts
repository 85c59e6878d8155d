import type { AlertsAnswer } from "@selvedge/protocol";
import { expect, test } from "vitest";
import type { Answers, AskCollector, Part } from "../api.ts";
import { ApiProblem } from "../api-problem.ts";
import { createDashboardState, type DashboardState } from "./dashboard-state.ts";
import { createReadToken } from "./read-token.ts";
import { parseView } from "./view.ts";

const NOTHING: Answers = {
  models: { models: [] },
  focus: { model: undefined, version: undefined, a: undefined, b: undefined },
  parts: {},
};

function stateWith(ask: AskCollector): DashboardState {
  return createDashboardState({
    ask,
    view: parseView("?range=1h"),
    token: createReadToken(() => {
      throw new Error("this tab has no storage");
    }),
    now: () => 1_000_000,
  });
}

test("an answer replaces what was shown, and says when it came", async () => {
  const state = stateWith(async () => NOTHING);
  const refreshed = state.refresh();
  expect(state.isLoading.value).toBe(true);
  await refreshed;
  expect(state.snapshot.value).toMatchObject({ ...NOTHING, fetchedAt: 1_000_000 });
  expect(state.isLoading.value).toBe(false);
});

test("a failed refresh keeps the last answers, and the next good one clears the fault", async () => {
  let isUp = true;
  const state = stateWith(async () => {
    if (!isUp) throw new ApiProblem({ kind: "unreachable" });
    return NOTHING;
  });
  await state.refresh();
  const before = state.snapshot.value;
  isUp = false;
  await state.refresh();
  expect(state.fault.value).toEqual({ kind: "unreachable" });
  expect(state.snapshot.value).toBe(before);
  isUp = true;
  await state.refresh();
  expect(state.fault.value).toBeUndefined();
});

test("a slow answer to an older question never replaces a newer one", async () => {
  const open: { model: string | undefined; settle: (answers: Answers) => void }[] = [];
  const state = stateWith(({ model }) => new Promise((settle) => open.push({ model, settle })));
  const first = state.refresh();
  state.view.value = parseView("?range=1h&model=new");
  const second = state.refresh();
  open[1]?.settle(NOTHING);
  await second;
  open[0]?.settle(NOTHING);
  await first;
  expect(open.map(({ model }) => model)).toEqual([undefined, "new"]);
  expect(state.snapshot.value?.view.model).toBe("new");
});

test("a part that fails keeps its last answer, with when that was had and why there is no newer", async () => {
  const alerts = { rules: [], history: [] };
  const fault = { kind: "status", path: "api/alerts", status: 503 } as const;
  let part: Part<AlertsAnswer> = { answer: alerts, at: 7 };
  const state = stateWith(async () => ({ ...NOTHING, parts: { alerts: part } }));
  await state.refresh();
  part = { fault };
  await state.refresh();
  expect(state.snapshot.value?.parts.alerts).toEqual({ answer: alerts, at: 7, fault });
  state.view.value = parseView("?range=24h");
  await state.refresh();
  expect(state.snapshot.value?.parts.alerts).toEqual({ fault });
});

test("who may no longer read sees nothing of what was there before", async () => {
  let status: number | undefined;
  const state = stateWith(async () => {
    if (status !== undefined) throw new ApiProblem({ kind: "status", path: "api/models", status });
    return NOTHING;
  });
  await state.refresh();
  status = 401;
  await state.refresh();
  expect(state.snapshot.value).toBeUndefined();
});

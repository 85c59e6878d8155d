import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { idsIn } from "./batch.fixture.ts";
import { leftBatches } from "./left.fixture.ts";
import { ReporterStage, subject } from "./reporter.fixture.ts";
import type { Reporter } from "./reporter.ts";

let stage: ReporterStage;

beforeEach(async () => {
  stage = await ReporterStage.start();
});

afterEach(() => stage.end());

const openTab = () => stage.open();
const openWithout = () => stage.open("off");

const record = ({ recorder }: Reporter, model: string) =>
  recorder.predicted({ ...subject, model }, 1);

/** A tab that has what it stores and sends with, and has sent what it measured before. */
async function openBusyTab(): Promise<Reporter> {
  const tab = openTab();
  record(tab, "sent");
  await tab.flush();
  stage.received.length = 0;
  return tab;
}

const leave = () => dispatchEvent(new Event("pagehide"));

test.each([
  ["with", openTab],
  ["without", openWithout],
])(
  "what is turned off on a page %s an endpoint is off in other tabs: they send nothing as they go away",
  async (_what, openAnother) => {
    const other = await openBusyTab();
    record(other, "measured before");
    await openAnother().disable();
    await eventually(() => expect(other.state).toBe("disabled"));
    leave();
    expect(await leftBatches()).toEqual([]);
    expect(stage.received).toEqual([]);
  },
);

test.each([
  ["with", openTab],
  ["without", openWithout],
])(
  "what is erased on a page %s an endpoint is not sent by other tabs as they go away, what they measure after is",
  async (_what, openAnother) => {
    const forget = vi.fn();
    const other = await openBusyTab();
    other.onForget = forget;
    record(other, "measured before");
    await openAnother().erase();
    await eventually(() => expect(forget).toHaveBeenCalledOnce());
    record(other, "measured after");
    stage.answer = () => Promise.reject(new TypeError("there is no network"));
    leave();
    await eventually(() => expect(stage.texts().join()).toContain("measured after"));
    const ids = stage.requests().flatMap(idsIn);
    expect(stage.texts().join()).not.toContain("measured before");
    other.end();
    // What it left is of the time after, to whoever sends it.
    stage.received.length = 0;
    stage.answer = () => new Response("{}");
    const next = openTab();
    await next.flush();
    expect(stage.requests().flatMap(idsIn)).toEqual(expect.arrayContaining(ids));
  },
);

test("a tab that went away and is back hears of it again", async () => {
  const other = await openBusyTab();
  leave();
  dispatchEvent(new Event("pageshow"));
  await openTab().disable();
  await eventually(() => expect(other.state).toBe("disabled"));
});

test("a tab that is away hears nothing, and of what it missed as it comes back", async () => {
  const other = await openBusyTab();
  leave();
  await openTab().disable();
  expect(other.state).toBe("enabled");
  dispatchEvent(new Event("pageshow"));
  await eventually(() => expect(other.state).toBe("disabled"));
});

test("without BroadcastChannel tabs hear of it as they come to the store", async () => {
  vi.stubGlobal("BroadcastChannel", undefined);
  const other = await openBusyTab();
  await openTab().disable();
  await other.flush();
  expect(other.state).toBe("disabled");
});

test("what others say there on the same origin is passed over", async () => {
  const other = await openBusyTab();
  const stranger = new BroadcastChannel("selvedge:telemetry:1");
  for (const news of [null, "denied", { kind: "else" }, { kind: "erased", erasures: "many" }])
    stranger.postMessage(news);
  record(other, "measured");
  await other.flush();
  stranger.close();
  expect([other.state, stage.requests().length]).toEqual(["enabled", 1]);
});

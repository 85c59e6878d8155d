import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { REGISTRY, select } from "../delivery/registry.fixture.ts";
import { eventually } from "../eventually.fixture.ts";
import { EngineHost } from "../serving/engine-host.ts";
import { EnginePool } from "../serving/engine-pool.ts";
import { Ladder } from "../serving/ladder.ts";
import type { LoadRooms } from "../serving/load-rooms.ts";
import { RuntimeShelf } from "../serving/runtime-shelf.ts";
import type { Served } from "../serving/served.ts";
import { wakeHint } from "../serving/wake-hint.ts";
import { IMAGE_KEY, type WakingFaults, wakingEngine } from "../serving/waking-engine.fixture.ts";
import { IMAGES_LOCK } from "../store/images-lock.ts";
import { Reporter } from "../telemetry/reporter.ts";
import type { CachePolicy } from "../worker/keeper-api.ts";
import { KeeperClient } from "../worker/keeper-client.ts";
import { scriptedWorker } from "../worker/scripted-worker.fixture.ts";
import { makeImage } from "./make-image.ts";

const WASM = { backend: "wasm", build: "wasm", features: [] } as const;
const TIMINGS = {
  ...{ spawnMs: 0, resolveMs: 0, fetchMs: 0, compileMs: 0, importMs: 0, readMs: 0, createMs: 0 },
  ...{ wakeMs: 0, totalMs: 0 },
};
const { name: NAME } = select();

/** A keeper that remembers, and says what it was told to drop. */
const keeperWith = ({ isProven = true } = {}) => `
  records: [],
  start: () => undefined,
  cancel: () => undefined,
  standing: () => {
    const current = { digest: "d".repeat(64), dtype: "fp32" };
    return { ok: true, value: { current, isProven: ${isProven}, isRefused: false } };
  },
  verdicts: () => ({ ok: true, value: api.records }),
  judge: (_call, [, candidate], record) => {
    api.records = api.records.filter((one) => one.candidate !== candidate);
    if (record !== undefined) api.records.push(record);
    return { ok: true };
  },
  size: () => ({ ok: true, value: 1000 }),
  dropImages: (_call, digest) => {
    tell(["drop", digest]);
    return { ok: true };
  },
`;

let said: unknown[][];
let channel: BroadcastChannel;
let hosts: EngineHost[];
let keeper: KeeperClient;
let ending: AbortController;
/** Milliseconds that an engine takes to wake; one that is loaded takes 400. */
let wakingMs: number;

beforeEach(() => {
  [said, hosts, wakingMs] = [[], [], 150];
  // It stands still, but for what engines take.
  vi.useFakeTimers({ toFake: ["performance"] });
  ending = new AbortController();
  channel = new BroadcastChannel(crypto.randomUUID());
  channel.onmessage = ({ data }) => said.push(data);
  localStorage.clear();
  keeper = keeperOf();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  for (const host of hosts) host.dispose();
  keeper.end(new Error("the test is over"));
  channel.close();
  localStorage.clear();
});

function keeperOf(how: { isProven?: boolean } = {}): KeeperClient {
  return new KeeperClient(() => scriptedWorker(keeperWith(how), channel), { registry: REGISTRY });
}

/** The rooms of a page whose engines have these faults. */
function roomsOf(
  faults: WakingFaults,
  cache?: CachePolicy,
  { lostAfter = Number.POSITIVE_INFINITY } = {},
): LoadRooms {
  let wakings = 0;
  const pool = new EnginePool({
    assets: "https://assets.test/",
    shelf: new RuntimeShelf(),
    spawn: () =>
      scriptedWorker(
        wakingEngine(wakings > lostAfter ? { ...faults, hasNoImage: true } : faults),
        channel,
      ),
  });
  return {
    registry: REGISTRY,
    anchors: undefined,
    keeper,
    cache,
    reporter: new Reporter({ telemetry: undefined, service: "test" }),
    newHost: (place, trust, own) => {
      if (own === "to-wake") wakings++;
      vi.advanceTimersByTime(own === "to-wake" ? wakingMs : 400);
      const host = new EngineHost({
        ...{ place, trust, own, pool, mayWake: true },
        onDispose: () => hosts.splice(hosts.indexOf(host), 1),
      });
      hosts.push(host);
      return host;
    },
    alone: () => pool.alone(),
    onDispose: () => undefined,
  };
}

/** Serves a model, and makes an image behind it. */
async function make(
  faults: WakingFaults = {},
  cache?: CachePolicy,
  fate?: Parameters<typeof roomsOf>[2],
): Promise<Served> {
  const rooms = roomsOf(faults, cache, fate);
  const host = rooms.newHost(WASM, undefined);
  const opened = await host.open({ by: "selector", selector: select() });
  if (opened === undefined) throw new Error("nothing is stored");
  const ladder = new Ladder({ place: WASM, dtype: "fp32" }, "first");
  const served = { host, opened, timings: TIMINGS, ladder };
  await makeImage(rooms, { served, selector: select(), signal: ending.signal });
  return served;
}

const remembered = async () => {
  const records = await keeper.call((remote, call) => remote.verdicts(call, ""));
  return records.map((record) => (record as { image: string }).image);
};

/** How workers were started that were not the model's own. */
const starts = () =>
  said
    .filter(([kind]) => kind === "start")
    .slice(1)
    .map(([, how]) => how as { isForImage: boolean; isPatient: boolean });

/** Begins anew, once all is told of so many workers. */
async function forget(workers: number): Promise<void> {
  await eventually(() => expect(starts()).toHaveLength(workers));
  said = [];
}

test("an image whose proof trapped in what only runs wakes in all of the runtime from then on", async () => {
  await make({ checkTraps: ["run"] });
  expect(await remembered()).toEqual(["made"]);
  expect(wakeHint.of(NAME)).toBe("full");
});

test("an engine is written down, woken elsewhere, timed, and then told of to the next visit", async () => {
  await make();
  expect(wakeHint.of(NAME)).toBe("run");
  expect(await remembered()).toEqual(["made"]);
  await eventually(() => expect(starts()).toHaveLength(8));
  const [first, second] = starts();
  expect([first?.isForImage, second?.isPatient]).toEqual([true, true]);
  expect(starts().filter(({ isPatient }) => isPatient)).toHaveLength(4);
  expect(hosts).toHaveLength(1);
});

test("no page is told of an image before all of that is known, nor believes an earlier one meanwhile", async () => {
  const hints: string[] = [];
  const note = vi.spyOn(wakeHint, "note");
  note.mockImplementation((_name, step) => hints.push(step) > 0);
  await make();
  expect(hints).toEqual(["none", "run"]);
});

test("one that answers otherwise than before is quarantined, stays so, and is not made again", async () => {
  await make({ isWrong: true });
  await eventually(() =>
    expect(said).toContainEqual(["quarantine", IMAGE_KEY, "y[0] is 2, not 1"]),
  );
  expect([await remembered(), wakeHint.of(NAME)]).toEqual([["failed"], "none"]);
  expect(said.map(([kind]) => kind)).not.toContain("drop");
  await forget(2);
  await make({ isWrong: true });
  expect(starts()).toEqual([]);
});

test("one that is no faster than loading is dropped, and not made again", async () => {
  wakingMs = 390;
  await make();
  await eventually(() => expect(said.map(([kind]) => kind)).toContain("drop"));
  expect([await remembered(), wakeHint.of(NAME)]).toEqual([["not worth it"], "none"]);
});

test("one that was not worth it has a second chance a day later, and a third a week after that", async () => {
  const dayMs = 24 * 60 * 60 * 1000;
  const now = vi.spyOn(Date, "now").mockReturnValue(1_700_000_000_000);
  const later = (days: number) => now.mockReturnValue(Date.now() + days * dayMs);
  /** What is remembered once a page was there, on a device on which waking takes so long. */
  const visit = async (ms: number) => {
    wakingMs = ms;
    await make();
    return remembered();
  };
  expect(await visit(390)).toEqual(["not worth it"]);
  expect(await visit(150)).toEqual(["not worth it"]);
  later(1);
  expect(await visit(390)).toEqual(["not worth it"]);
  later(1);
  expect(await visit(150)).toEqual(["not worth it"]);
  later(6);
  expect(await visit(150)).toEqual(["made"]);
});

test("one that cannot be written, or does not wake, is remembered as failed", async () => {
  await make({ isRefused: true });
  expect(await remembered()).toEqual(["failed"]);
  keeper.end(new Error("another page"));
  keeper = keeperOf();
  await make({ hasNoImage: true });
  expect([await remembered(), wakeHint.of(NAME)]).toEqual([["failed"], "none"]);
});

test("what there was no room for has its reason in model.info, on later visits too", async () => {
  const { host } = await make({ isFull: true });
  expect(host.start).toMatchObject({ step: "none", code: "not-known", noImage: "no more room" });
  expect([await remembered(), wakeHint.of(NAME)]).toEqual([["failed"], "none"]);
  await forget(1);
  const later = await make();
  expect(later.host.start.noImage).toBe("no more room");
  expect(starts()).toEqual([]);
});

test("what the browser refuses without a code is remembered too, unless the page is offline", async () => {
  const onLine = vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
  await expect(make({ refusal: "the file is locked" })).rejects.toThrow("the file is locked");
  expect(await remembered()).toEqual([]);
  onLine.mockReturnValue(true);
  await make({ refusal: "the file is locked" });
  expect([await remembered(), wakeHint.of(NAME)]).toEqual([["failed"], "none"]);
  // The second page's own, too.
  await forget(3);
  await make({ refusal: "the file is locked" });
  expect(starts()).toEqual([]);
});

test("while another tab makes one, of whichever model, none is made here, and nothing remembered", async () => {
  await navigator.locks.request(IMAGES_LOCK, async () => {
    await make();
    expect([starts(), await remembered()]).toEqual([[], []]);
  });
  await make();
  expect(await remembered()).toEqual(["made"]);
});

test("what goes while it is timed is no image: two loads were compared", async () => {
  await make({}, {}, { lostAfter: 2 });
  expect([await remembered(), wakeHint.of(NAME)]).toEqual([["failed"], "none"]);
});

test("a page that has lost the hint of an image is given it again; nothing is made", async () => {
  await make();
  await forget(8);
  localStorage.clear();
  await make();
  expect(wakeHint.of(NAME)).toBe("run");
  expect(starts()).toEqual([]);
});

test("an image that was evicted is made again", async () => {
  await make();
  await forget(8);
  // It is asked for, and there is none.
  await make({ hasNoImage: true });
  await eventually(() => expect(starts().length).toBeGreaterThan(0));
  expect(starts()[0]?.isForImage).toBe(true);
});

test.each([
  ["the app wants none", async () => make({}, { images: false }), undefined],
  ["there is little room", async () => tight(), /no more than an eighth/],
  ["the app gives models no more room", async () => make({}, { maxBytes: 1500 }), /maxBytes/],
  ["its user saves data", async () => saving(), /saves data/],
  ["the pack is not proven", async () => unproven(), undefined],
  ["hints cannot be kept", async () => unhinted(), /localStorage/],
])("nothing is made where %s", async (_why, page, reason) => {
  const { noImage } = (await page()).host.start;
  if (reason === undefined) expect(noImage).toBeUndefined();
  else expect(noImage).toMatch(reason);
  expect([starts(), await remembered(), wakeHint.of(NAME)]).toEqual([[], [], "none"]);
});

function tight(): Promise<Served> {
  vi.spyOn(navigator.storage, "estimate").mockResolvedValue({ usage: 0, quota: 9000 });
  return make();
}

function saving(): Promise<Served> {
  vi.spyOn(navigator, "connection" as never, "get").mockReturnValue({ saveData: true } as never);
  return make();
}

function unproven(): Promise<Served> {
  keeper = keeperOf({ isProven: false });
  return make();
}

function unhinted(): Promise<Served> {
  vi.spyOn(Storage.prototype, "removeItem").mockImplementation(() => {
    throw new DOMException("denied", "SecurityError");
  });
  return make();
}

test("a model that goes meanwhile leaves nothing that is believed", async () => {
  const rooms = roomsOf({});
  const { newHost } = rooms;
  const leaving: LoadRooms = {
    ...rooms,
    newHost: (place, trust, own) => {
      if (own === "afresh") ending.abort(new DOMException("gone", "AbortError"));
      return newHost(place, trust, own);
    },
  };
  const host = newHost(WASM, undefined);
  const opened = await host.open({ by: "selector", selector: select() });
  if (opened === undefined) throw new Error("nothing is stored");
  const ladder = new Ladder({ place: WASM, dtype: "fp32" }, "first");
  const served = { host, opened, timings: TIMINGS, ladder };
  const making = makeImage(leaving, { served, selector: select(), signal: ending.signal });
  await expect(making).rejects.toMatchObject({ name: "AbortError" });
  expect([await remembered(), wakeHint.of(NAME)]).toEqual([[], "none"]);
  expect(hosts).toHaveLength(1);
});

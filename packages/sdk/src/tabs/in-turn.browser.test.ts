import { PIECE_BYTES, SelvedgeError } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { install } from "../delivery/install.ts";
import { FakeRegistry, select } from "../delivery/registry.fixture.ts";
import { roomsOf } from "../delivery/rooms.fixture.ts";
import { eventually } from "../eventually.fixture.ts";
import { findActive } from "../store/activations.ts";
import { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, noise } from "../store/pack.fixture.ts";
import { clearPacks } from "../store/packs.ts";
import { removePacks } from "../store/remove-packs.ts";
import type { Installed, Progress } from "../worker/keeper-api.ts";
import { inTurn } from "./in-turn.ts";
import { WebLocks } from "./web-locks.ts";

const locks = new WebLocks(navigator.locks);
const DOWNLOADING = "selvedge:download:https://registry.test/models/tiny";

/** An install that reports what it is told to, and ends when it is told to. */
class ScriptedInstall {
  readonly #abort = new AbortController();
  readonly seen: Progress[] = [];
  readonly result: Promise<string>;
  report: ((progress: Progress) => void) | undefined;
  finish: (value: string) => void = () => undefined;
  fail: (error: unknown) => void = () => undefined;

  constructor(selector = select()) {
    const working = new Promise<string>((resolve, reject) => {
      this.finish = resolve;
      this.fail = reject;
    });
    this.result = inTurn(locks, selector, {
      signal: this.#abort.signal,
      onProgress: (progress) => this.seen.push(progress),
      install: (report) => {
        this.report = report;
        return working;
      },
    });
    this.result.catch(() => undefined);
  }

  abort(): void {
    this.#abort.abort();
  }

  /** Resolves when its turn has come. */
  begun(): Promise<(progress: Progress) => void> {
    return eventually(() => this.report ?? expect.unreachable("its turn has not come"));
  }
}

function at(loaded: number, phase: Progress["phase"] = "fetch"): Progress {
  return { phase, file: "tiny", loaded, total: phase === "resolve" ? 0 : 100 };
}

async function waiting(count: number): Promise<void> {
  await eventually(async () => {
    const { pending = [] } = await navigator.locks.query();
    expect(pending.filter(({ name }) => name === DOWNLOADING)).toHaveLength(count);
  });
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("an install that waits for its turn", () => {
  test("shows how far the same request has come elsewhere, also where it comes late", async () => {
    const leading = new ScriptedInstall();
    const report = await leading.begun();
    report(at(10));
    const following = new ScriptedInstall();
    await eventually(() => expect(following.seen).toEqual([at(10)]));
    report(at(60));
    await eventually(() => expect(following.seen.at(-1)).toEqual(at(60)));
    const late = new ScriptedInstall();
    await eventually(() => expect(late.seen.at(-1)).toEqual(at(60)));
    expect(leading.seen).toEqual([at(10), at(60)]);
    leading.finish("one");
    (await following.begun())(at(0, "resolve"));
    following.report?.(at(100));
    expect(following.seen.at(-1)).toEqual(at(100));
    expect(following.seen.filter(({ phase }) => phase === "resolve")).toEqual([]);
    following.finish("two");
    await late.begun();
    late.finish("three");
    const results = [leading.result, following.result, late.result];
    expect(await Promise.all(results)).toEqual(["one", "two", "three"]);
  });

  test("shows that all is there where the turn comes before the last that was told elsewhere", async () => {
    const leading = new ScriptedInstall();
    (await leading.begun())(at(10));
    const following = new ScriptedInstall();
    await eventually(() => expect(following.seen).toEqual([at(10)]));
    leading.finish("one");
    (await following.begun())(at(0, "resolve"));
    following.finish("two");
    await following.result;
    expect(following.seen).toEqual([at(10), at(100)]);
  });

  test("does not show how far another version of the model has come", async () => {
    const leading = new ScriptedInstall();
    const report = await leading.begun();
    const other = new ScriptedInstall(select({ version: "2.0.0" }));
    const following = new ScriptedInstall();
    await waiting(2);
    report(at(10));
    await eventually(() => expect(following.seen).toContainEqual(at(10)));
    expect(other.seen).toEqual([]);
    for (const one of [leading, other, following]) one.finish("");
    await Promise.all([leading.result, other.result, following.result]);
  });

  test("waits where there is no BroadcastChannel too", async () => {
    vi.stubGlobal("BroadcastChannel", undefined);
    const leading = new ScriptedInstall();
    (await leading.begun())(at(10));
    const following = new ScriptedInstall();
    await waiting(1);
    expect(following.report).toBeUndefined();
    leading.finish("one");
    await following.begun();
    following.finish("two");
    expect([await following.result, following.seen]).toEqual(["two", []]);
  });

  test("is over at once when it is aborted", async () => {
    const leading = new ScriptedInstall();
    await leading.begun();
    const aborted = new ScriptedInstall();
    await waiting(1);
    aborted.abort();
    await expect(aborted.result).rejects.toMatchObject({ name: "AbortError" });
    await waiting(0);
    leading.finish("");
    await leading.result;
  });

  test("goes on without one whose tab is frozen and answers no more", async () => {
    let thaw = (): void => undefined;
    const frozen = new Promise<void>((resolve) => {
      thaw = resolve;
    });
    const holding = navigator.locks.request(DOWNLOADING, () => frozen).catch(() => "stolen");
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const following = new ScriptedInstall();
    await waiting(1);
    vi.advanceTimersByTime(10_000);
    await waiting(1);
    vi.advanceTimersByTime(10_000);
    vi.useRealTimers();
    await following.begun();
    expect(await holding).toBe("stolen");
    thaw();
    following.finish("done");
    expect(await following.result).toBe("done");
  });

  test("goes on waiting for one who answers, however long it takes", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const leading = new ScriptedInstall();
    (await leading.begun())(at(10));
    const following = new ScriptedInstall();
    for (let asked = 1; asked <= 20; asked++) {
      vi.advanceTimersByTime(2_000);
      await eventually(() => expect(following.seen.length).toBeGreaterThan(asked));
    }
    expect(following.report).toBeUndefined();
    leading.finish("");
    await following.begun();
    following.finish("");
    await following.result;
  });
});

describe("a failure", () => {
  const down = new SelvedgeError("network", "the host is down", { detail: { url: "/models" } });

  test("of the host is that of all who waited for the same; who asks later tries anew", async () => {
    const leading = new ScriptedInstall();
    await leading.begun();
    const following = Array.from({ length: 5 }, () => new ScriptedInstall());
    await waiting(5);
    leading.fail(down);
    await expect(leading.result).rejects.toBe(down);
    for (const { result, report } of following) {
      await expect(result).rejects.toMatchObject({
        code: "network",
        message: "the host is down",
        detail: { url: "/models" },
      });
      expect(report).toBeUndefined();
    }
    const later = new ScriptedInstall();
    await later.begun();
    later.finish("up again");
    expect(await later.result).toBe("up again");
  });

  test.each([
    ["an abort", new DOMException("not any more", "AbortError"), select()],
    ["what this page alone decides", new SelvedgeError("no-candidate", "no GPU"), select()],
    ["another request", down, select({ version: "2.0.0" })],
  ])("of %s is not that of who waits", async (_, error, selector) => {
    const leading = new ScriptedInstall();
    await leading.begun();
    const following = new ScriptedInstall(selector);
    await waiting(1);
    leading.fail(error);
    await expect(leading.result).rejects.toBe(error);
    await following.begun();
    following.finish("done");
    expect(await following.result).toBe("done");
  });
});

describe("two tabs that install the same pack", () => {
  let here: Database;
  let there: Database;
  let pack: BuiltPack;
  let registry: FakeRegistry;

  beforeEach(async () => {
    here = await freshDatabase();
    there = new Database();
    pack = await buildPack({ tensors: [noise(5 * PIECE_BYTES, 1)] });
    registry = new FakeRegistry([pack]);
    vi.stubGlobal("fetch", registry.fetch);
  });

  afterEach(async () => {
    await Promise.all([here.close(), there.close()]);
  });

  const installIn = (database: Database, signal = new AbortController().signal) =>
    inTurn(locks, select(), {
      signal,
      onProgress: () => undefined,
      install: (onProgress) => install(roomsOf(database), select(), { signal, onProgress }),
    });

  /** Does something once, when so many bytes of the first segment request were sent. */
  function when(sentBytes: number, act: () => Promise<unknown>): void {
    let isDone = false;
    registry.intercept = (request) =>
      request.path.includes("/segments/")
        ? registry.answer(request, {
            onChunk: async (sent) => {
              if (isDone || sent < sentBytes) return;
              isDone = true;
              await act();
            },
          })
        : undefined;
  }

  test("fetch it once", async () => {
    const [one, other] = await Promise.all([installIn(here), installIn(there)]);
    expect([one.fetchedBytes, other.fetchedBytes]).toEqual([pack.segment.byteLength, 0]);
  });

  test("fetch no piece twice where the one that fetches gives up half way", async () => {
    const controller = new AbortController();
    let other: Promise<Installed> | undefined;
    when(2.5 * PIECE_BYTES, async () => {
      other = installIn(there);
      await waiting(1);
      controller.abort();
    });
    await expect(installIn(here, controller.signal)).rejects.toMatchObject({ name: "AbortError" });
    const { fetchedBytes } = (await other) ?? {};
    const [first, ...others] = registry.segmentRequests;
    expect(first?.range).toBeUndefined();
    expect(others.length).toBeGreaterThan(0);
    expect(fetchedBytes).toBeLessThanOrEqual(pack.segment.byteLength - 2 * PIECE_BYTES);
    expect(await findActive(there, select())).toMatchObject({ current: { digest: pack.digest } });
  });

  // What a download has gathered is no model yet that could be deleted.
  test.each<[act: string, act: (database: Database) => Promise<unknown>, again: boolean]>([
    ["clears the cache", clearPacks, true],
    ["deletes the model", (database) => removePacks(database, () => true), false],
  ])("get it whole where another %s half way", async (_, act, isFetchedAgain) => {
    when(4.5 * PIECE_BYTES, () => act(there));
    const { fetchedBytes } = await installIn(here);
    expect(fetchedBytes > pack.segment.byteLength).toBe(isFetchedAgain);
    expect(await findActive(here, select())).toMatchObject({ current: { digest: pack.digest } });
    expect(await installIn(there)).toMatchObject({ fetchedBytes: 0 });
  });
});

import { ATTRIBUTES, METRICS } from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { IMAGES_LOCK } from "../store/images-lock.ts";
import { Recorder } from "../telemetry/recorder.ts";
import type { PackStorage } from "../worker/keeper-api.ts";
import type { Loaded } from "./behind.ts";
import { completeShipped } from "./complete-shipped.ts";
import type { LoadRooms } from "./load-rooms.ts";
import { failed, type OwnMethods, ShippedPage, WANTED } from "./shipped-page.fixture.ts";
import { storedHint, wakeHint } from "./wake-hint.ts";

const TO_COME: PackStorage = { kind: "memory", reason: "its tensors are still to come" };

let page: ShippedPage;

beforeEach(() => {
  page = new ShippedPage();
});

afterEach(() => page.end());

/** A keeper's method that installs something else, or elsewhere. */
function installs({ digest = "d".repeat(64), kind = "persistent" }): string {
  return `install() {
    const costs = { bytes: 1, fetchedBytes: 1, resolveMs: 1, fetchMs: 1 };
    const storage = { kind: ${JSON.stringify(kind)}, reason: "there is no room" };
    const pack = { digest: ${JSON.stringify(digest)}, version: "1.0.0", dtype: "fp32", storage };
    return { ok: true, value: { ...pack, ...costs } };
  },`;
}

/** A model that has just answered for the first time. */
async function answered(own: OwnMethods = {}) {
  const { host, keeper } = page.rooms(own);
  await host.open({ by: "selector", selector: WANTED });
  const opened = await host.open({ by: "image" });
  const first = { host, opened, storage: TO_COME };
  const loaded = { first, selector: WANTED, model: { disposal: new AbortController().signal } };
  const recorder = new Recorder(() => undefined);
  return {
    first,
    recorder,
    complete: () =>
      completeShipped(
        { keeper, reporter: { recorder } } as unknown as LoadRooms,
        loaded as unknown as Pick<Loaded, "first" | "selector" | "model">,
      ),
  };
}

test("once the pack is whole the image is the device's own, and the next visit is told", async () => {
  const { first, complete } = await answered();
  await complete();
  expect(first.storage).toMatchObject({ kind: "persistent" });
  expect(wakeHint.of(WANTED.name)).toBe("run");
  expect(storedHint.isNoted(WANTED.name)).toBe(true);
  expect(first.host.start.noImage).toBeUndefined();
  await expect.poll(() => page.saidOf("judge")).toEqual(["judge image fp32 made"]);
});

test("what completing it fetches is counted, whatever version that is", async () => {
  for (const keeper of ["", installs({ digest: "e".repeat(64) })]) {
    const { recorder, complete } = await answered({ keeper });
    await complete();
    const { counters } = recorder.take() ?? expect.fail("nothing was counted");
    expect(counters).toMatchObject([
      {
        metric: METRICS.fetchedBytes,
        attributes: { [ATTRIBUTES.model]: WANTED.name, [ATTRIBUTES.backend]: "wasm" },
        value: 1,
      },
    ]);
  }
});

test("where it can be in memory only, no image is kept of it", async () => {
  const { first, complete } = await answered({ keeper: installs({ kind: "memory" }) });
  await complete();
  expect(first.storage).toEqual({ kind: "memory", reason: "there is no room" });
  expect(first.host.start.noImage).toBe("the model is kept in memory only: there is no room");
  expect(wakeHint.of(WANTED.name)).toBe("none");
  expect(storedHint.isNoted(WANTED.name)).toBe(false);
});

test("another version that came out meanwhile is the next load's", async () => {
  const { first, complete } = await answered({ keeper: installs({ digest: "e".repeat(64) }) });
  await complete();
  expect(first.storage).toBe(TO_COME);
  expect(wakeHint.of(WANTED.name)).toBe("none");
});

test("nobody is told of an image that could not be kept, but whoever asks why there is none", async () => {
  const engine = `keepShipped: () => (${failed("storage-full", "this site has no more room")}),`;
  const { first, complete } = await answered({ engine });
  await expect(complete()).rejects.toMatchObject({ code: "storage-full" });
  expect(first.storage).toMatchObject({ kind: "persistent" });
  expect(first.host.start).toMatchObject({ code: "woken", noImage: "this site has no more room" });
  expect(wakeHint.of(WANTED.name)).toBe("none");
  expect(page.saidOf("judge")).toEqual([]);
});

test("one that comes while another is being kept is kept after it", async () => {
  const { complete } = await answered();
  let completing: Promise<void> | undefined;
  await navigator.locks.request(IMAGES_LOCK, async () => {
    completing = complete();
    const isWaiting = async () => ((await navigator.locks.query()).pending ?? []).length > 0;
    await expect.poll(isWaiting).toBe(true);
    expect(wakeHint.of(WANTED.name)).toBe("none");
  });
  await completing;
  expect(wakeHint.of(WANTED.name)).toBe("run");
});

test("one that another tab has kept by then is left as it is", async () => {
  const engine = `keepShipped: () => (${failed("storage-damaged", "pieces are missing")}),`;
  const { first, complete } = await answered({ engine });
  wakeHint.note(WANTED.name, "run");
  await complete();
  expect(first.host.start).not.toHaveProperty("noImage");
  expect(wakeHint.of(WANTED.name)).toBe("run");
});

test("nor is one kept where there is too little room for it", async () => {
  const estimate = vi.spyOn(navigator.storage, "estimate");
  estimate.mockResolvedValue({ usage: 0, quota: 8 * 4096 - 1 });
  const { first, complete } = await answered();
  await complete();
  estimate.mockRestore();
  expect(first.storage).toMatchObject({ kind: "persistent" });
  expect(first.host.start.noImage).toContain("no more than an eighth");
  expect(wakeHint.of(WANTED.name)).toBe("none");
});

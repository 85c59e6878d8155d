import { afterEach, beforeEach, expect, test } from "vitest";
import { select } from "../delivery/registry.fixture.ts";
import type { PackStorage } from "../worker/keeper-api.ts";
import { KeeperClient } from "../worker/keeper-client.ts";
import { ENGINE_METHODS, scriptedWorker } from "../worker/scripted-worker.fixture.ts";
import type { Loaded } from "./behind.ts";
import { completeShipped } from "./complete-shipped.ts";
import { EngineHost } from "./engine-host.ts";
import { EnginePool } from "./engine-pool.ts";
import type { LoadRooms } from "./load-rooms.ts";
import { RuntimeShelf } from "./runtime-shelf.ts";
import { storedHint, wakeHint } from "./wake-hint.ts";

const WASM = { backend: "wasm", build: "wasm", features: [] } as const;
const CHANNEL = "what was judged of images that ship";
const WANTED = select({ trust: "ab".repeat(32) });
const DIGEST = "d".repeat(64);
const TO_COME: PackStorage = { kind: "memory", reason: "its tensors are still to come" };

let judged: unknown[];
let channel: BroadcastChannel;
let ends: (() => void)[];

beforeEach(() => {
  [judged, ends] = [[], []];
  channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }) => judged.push(data);
  localStorage.clear();
});

afterEach(() => {
  for (const end of ends) end();
  channel.close();
  localStorage.clear();
});

/** An engine that was woken from an image that ships. */
const ENGINE = `${ENGINE_METHODS}
  open(_session, { by }) {
    if (by === "selector") return { ok: true };
    const { value } = ({ ${ENGINE_METHODS} }).open();
    const image = { key: "k", bytes: 4096, readMs: 2, restoreMs: 1 };
    return { ok: true, value: { ...value, waking: { step: "run", reason: "by image", image } } };
  },
  keepShipped: () => ({ ok: true, value: { key: "k", bytes: 4096, place: "opfs" } }),
`;

function keeperOf({ digest = DIGEST, kind = "persistent" } = {}): string {
  return `
    start() {},
    install() {
      const costs = { bytes: 1, fetchedBytes: 1, resolveMs: 1, fetchMs: 1 };
      const storage = ${JSON.stringify({ kind, reason: "there is no room" })};
      const pack = { digest: ${JSON.stringify(digest)}, version: "1.0.0", dtype: "fp32", storage };
      return { ok: true, value: { ...pack, ...costs } };
    },
    judge(_call, [, candidate], { image }) {
      const channel = new BroadcastChannel(${JSON.stringify(CHANNEL)});
      channel.postMessage([candidate, image]);
      channel.close();
      return { ok: true };
    },
  `;
}

/** A model that has just answered for the first time. */
async function answered(keeper = keeperOf(), engine = "") {
  const pool = new EnginePool({
    assets: "https://assets.test/",
    shelf: new RuntimeShelf(),
    spawn: () => scriptedWorker(ENGINE + engine),
  });
  const { trust } = WANTED;
  const host = new EngineHost({ place: WASM, pool, trust, mayWake: true, onDispose: () => {} });
  const client = new KeeperClient(() => scriptedWorker(keeper), { registry: "" });
  ends.push(
    () => host.dispose(),
    () => client.end(new Error("the test is over")),
  );
  await host.open({ by: "selector", selector: WANTED });
  const opened = await host.open({ by: "image" });
  const first = { host, opened, storage: TO_COME };
  const loaded = { first, selector: WANTED, model: { disposal: new AbortController().signal } };
  return {
    first,
    complete: () =>
      completeShipped(
        { keeper: client } as unknown as LoadRooms,
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
  await expect.poll(() => judged).toEqual([["image fp32", "made"]]);
});

test("where it can be in memory only, no image is kept of it", async () => {
  const { first, complete } = await answered(keeperOf({ kind: "memory" }));
  await complete();
  expect(first.storage).toEqual({ kind: "memory", reason: "there is no room" });
  expect(wakeHint.of(WANTED.name)).toBe("none");
  expect(storedHint.isNoted(WANTED.name)).toBe(false);
});

test("another version that came out meanwhile is the next load's", async () => {
  const { first, complete } = await answered(keeperOf({ digest: "e".repeat(64) }));
  await complete();
  expect(first.storage).toBe(TO_COME);
  expect(wakeHint.of(WANTED.name)).toBe("none");
});

test("nobody is told of an image that could not be kept", async () => {
  const error = { name: "SelvedgeError", code: "storage-full", message: "no room", detail: {} };
  const full = `keepShipped: () => (${JSON.stringify({ ok: false, error })}),`;
  const { first, complete } = await answered(keeperOf(), full);
  await expect(complete()).rejects.toMatchObject({ code: "storage-full" });
  expect(first.storage).toMatchObject({ kind: "persistent" });
  expect(wakeHint.of(WANTED.name)).toBe("none");
  expect(judged).toEqual([]);
});

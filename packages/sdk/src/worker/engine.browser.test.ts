import { type Remote, wrap } from "comlink";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { install } from "../delivery/install.ts";
import { FakeRegistry, select } from "../delivery/registry.fixture.ts";
import { roomsOf } from "../delivery/rooms.fixture.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { buildPack } from "../store/pack.fixture.ts";
import type { EngineApi } from "./engine-api.ts";

const NO_ASSETS = {
  assets: `${location.origin}/no-such-folder/`,
  build: "wasm",
  engine: "onnx",
} as const;

const WASM = { backend: "wasm" } as const;

let worker: Worker;
let engine: Remote<EngineApi>;

beforeEach(async () => {
  const database = await freshDatabase();
  vi.stubGlobal("fetch", new FakeRegistry([await buildPack()]).fetch);
  const { signal } = new AbortController();
  await install(roomsOf(database), select(), { signal, onProgress: () => undefined });
  await database.close();
  vi.unstubAllGlobals();
  worker = new Worker(new URL("./engine.ts", import.meta.url), { type: "module" });
  engine = wrap<EngineApi>(worker);
});

afterEach(() => {
  worker.terminate();
});

describe("a pack that is opened before the runtime is started", () => {
  test("waits for it: the page holds the start back while another worker compiles", async () => {
    const opening = engine.open(1, { by: "selector", selector: select() }, WASM);
    // Answered only after the worker has looked into the store itself.
    await engine.open(2, { by: "selector", selector: select({ channel: "canary" }) }, WASM);
    await engine.start(NO_ASSETS);
    expect(await opening).toMatchObject({ ok: false, error: { code: "assets-missing" } });
  });

  test("is `undefined` at once where the store has none", async () => {
    const selector = select({ channel: "canary" });
    expect(await engine.open(1, { by: "selector", selector }, WASM)).toEqual({
      ok: true,
      value: undefined,
    });
  });
});

test("a runtime whose files are not hosted is assets-missing, and says how to write them", async () => {
  expect(await engine.start(NO_ASSETS)).toMatchObject({
    ok: false,
    error: {
      code: "assets-missing",
      message: expect.stringContaining("selvedge assets"),
    },
  });
});

test("a run before there is a session is an error, not a hang", async () => {
  expect(await engine.run(1, {})).toMatchObject({ ok: false, error: { code: "session-failed" } });
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { StoredVerdict } from "../proving/verdict.ts";
import type { ModelInfo } from "../serving/model-info.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { KeeperClient } from "../worker/keeper-client.ts";
import { type DiagnosisRooms, diagnose } from "./diagnose.ts";
import { OCR_REC } from "./facts.fixture.ts";

const ASSETS = `${location.origin}/no-such-folder/`;

/** What is remembered of the model, as it was stored. */
const REMEMBERED: StoredVerdict = {
  digest: OCR_REC.digest,
  candidate: "webgpu,jspi,NHWC,q8",
  under: "onnxruntime-web 1.30.0; acme loom; Chromium 156",
  outcome: "failed",
  reason: "output y[3] is 0",
  dims: {},
  at: Date.parse("2026-11-21T08:00:00Z"),
  loads: 0,
};

const memory = { budgetBytes: 1e9, usedBytes: 0, engines: [], models: [] };

const { verdicts: _, ...facts } = OCR_REC;
const info: ModelInfo = { ...facts, signature: { inputs: [], outputs: [] } };

let keeper: KeeperClient;

beforeEach(async () => {
  const database = await freshDatabase();
  await database.close();
  vi.stubGlobal("fetch", async () => new Response(null, { status: 404 }));
  const keeperUrl = new URL("../worker/keeper.ts", import.meta.url);
  keeper = new KeeperClient(() => new Worker(keeperUrl, { type: "module" }), {
    registry: `${location.origin}/models/`,
  });
});

afterEach(() => {
  keeper.end(new Error("the test is over"));
  vi.unstubAllGlobals();
});

function rooms(changed: Partial<DiagnosisRooms> = {}): DiagnosisRooms {
  const engineUrl = new URL("../worker/engine.ts", import.meta.url);
  const spawn = () => new Worker(engineUrl, { type: "module" });
  return { keeper, assets: ASSETS, models: [], memory, failures: [], spawn, ...changed };
}

function remember(changed: Partial<StoredVerdict> = {}): Promise<void> {
  const record = { ...REMEMBERED, ...changed };
  return keeper.call((remote, call) =>
    remote.judge(call, [record.digest, record.candidate], record),
  );
}

test("a loaded model is told with what is remembered of its candidates, the latest first", async () => {
  await remember();
  await remember({ candidate: "webgpu,jspi,NCHW,q8", at: REMEMBERED.at + 1000 });
  const { models, engine } = await diagnose(rooms({ models: [{ info }] }));
  expect(engine).toEqual({ state: "serving" });
  expect(
    models.map(({ name, verdicts }) => [name, verdicts.map((each) => each.candidate)]),
  ).toEqual([["ocr-rec", ["webgpu,jspi,NCHW,q8", "webgpu,jspi,NHWC,q8"]]]);
  expect(models[0]?.verdicts[1]).toMatchObject({
    outcome: "failed",
    reason: "output y[3] is 0",
    at: "2026-11-21T08:00:00.000Z",
  });
});

test("what was damaged in the store is left out, and a date that is none does no harm", async () => {
  await remember({ at: Number.MAX_SAFE_INTEGER });
  await remember({ candidate: "wasm,wasm,,q8", loads: -1 });
  const { models } = await diagnose(rooms({ models: [{ info }] }));
  expect(models[0]?.verdicts.map(({ candidate, at }) => [candidate, at])).toEqual([
    ["webgpu,jspi,NHWC,q8", "+275760-09-13T00:00:00.000Z"],
  ]);
});

test("where IndexedDB is refused the store is said to be memory, and why that is so", async () => {
  vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
    throw new DOMException("private window", "InvalidStateError");
  });
  const { store, findings } = await diagnose(rooms());
  vi.restoreAllMocks();
  expect(store).toMatchObject({ kind: "memory", reason: "The browser refuses IndexedDB here." });
  expect(findings.map(({ message }) => message).join()).toContain(
    "cannot be stored: The browser refuses IndexedDB here. Models run from memory",
  );
});

test("a keeper and an engine that do not start are told, and the rest all the same", async () => {
  const spawn = () => new Worker("data:text/javascript,throw new Error('no worker here')");
  const broken = new KeeperClient(spawn, { registry: `${location.origin}/models/` });
  const diagnosis = await diagnose(rooms({ keeper: broken, spawn }));
  expect(diagnosis.store).toMatchObject({ kind: "unavailable", packs: [] });
  expect(diagnosis.engine).toMatchObject({
    state: "failed",
    reason: expect.stringContaining("no worker here"),
  });
  expect(diagnosis.device.browser.brand).toMatch(/Chrom/);
  expect(String(diagnosis)).toContain("does not start");
  broken.end(new Error("the test is over"));
});

test("an engine that is asked finds WASM allowed here, and its worker is ended", async () => {
  const workers: Worker[] = [];
  const spawn = () => {
    const worker = rooms().spawn();
    workers.push(worker);
    return worker;
  };
  const ended = vi.spyOn(Worker.prototype, "terminate");
  const { engine } = await diagnose(rooms({ spawn }));
  expect(engine).toMatchObject({ state: "started", canCompileWasm: true });
  expect(ended.mock.contexts).toEqual(workers);
  ended.mockRestore();
});

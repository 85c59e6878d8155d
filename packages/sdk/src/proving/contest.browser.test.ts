import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeRegistry, REGISTRY } from "../delivery/registry.fixture.ts";
import type { LoadOptions } from "../options.ts";
import { EngineHost } from "../serving/engine-host.ts";
import { EnginePool } from "../serving/engine-pool.ts";
import { loadModel } from "../serving/load-model.ts";
import type { Pace } from "../serving/load-rooms.ts";
import type { Model } from "../serving/model.ts";
import { RuntimeShelf } from "../serving/runtime-shelf.ts";
import { type Places, storedEngine } from "../serving/stored-engine.fixture.ts";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { buildPack, noise, type PackContent } from "../store/pack.fixture.ts";
import { listPacks } from "../store/packs.ts";
import { Reporter } from "../telemetry/reporter.ts";
import type { Place } from "../worker/engine-api.ts";
import { answerFetches } from "../worker/fetch-by-page.fixture.ts";
import { KeeperClient } from "../worker/keeper-client.ts";
import type { Candidate } from "./candidate.ts";
import { forgetVerdict } from "./verdicts.ts";

const NEVER = 2 ** 30;
const FAST = { runMs: 2 };
const SLOW = { runMs: 50 };

let database: Database;
let registry: FakeRegistry;
let places: Places;
/** What each engine was asked, in order; `ended` last. */
let engines: string[][];
let failures: string[];
let rejections: string[];
let ends: (() => unknown)[];
let pool: EnginePool;
let keeper: KeeperClient;

beforeEach(async () => {
  database = await freshDatabase();
  // Engines look into the store before the keeper does.
  await listPacks(database);
  registry = new FakeRegistry([await packOf()]);
  [places, engines, failures, rejections] = [{}, [], [], []];
  ends = [answerFetches((url, init) => registry.fetch(url, init))];
  useGpu("nvidia");
});

afterEach(async () => {
  for (const end of ends.reverse()) await end();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function packOf(content: PackContent = {}) {
  const signature = {
    inputs: [{ name: "x", dtype: "float32", dims: [-1] }],
    outputs: [],
  } as const;
  return buildPack({
    tensors: [noise(300, 1)],
    backends: ["wasm", "webgpu"],
    signature,
    ...content,
  });
}

function useGpu(vendor: string, userAgent = "Chrome/140.0"): void {
  const gpu = { requestAdapter: async () => ({ info: { vendor } }) };
  vi.stubGlobal("navigator", { gpu, userAgent });
}

function spawn(): Worker {
  const worker = storedEngine({}, places);
  const asked: string[] = [];
  engines.push(asked);
  const post = worker.postMessage.bind(worker);
  vi.spyOn(worker, "postMessage").mockImplementation((message, transfer) => {
    if (message.type === "APPLY") asked.push(message.path.at(-1));
    post(message, transfer as Transferable[]);
  });
  const terminate = worker.terminate.bind(worker);
  vi.spyOn(worker, "terminate").mockImplementation(() => {
    if (asked.at(-1) !== "ended") asked.push("ended");
    terminate();
  });
  return worker;
}

/** A visit of a page. */
async function visit(pace: Partial<Pace> = {}, options: LoadOptions = {}) {
  keeper = new KeeperClient(
    () =>
      new Worker(new URL("../worker/keeper-without-network.fixture.ts", import.meta.url), {
        type: "module",
      }),
    { registry: REGISTRY },
  );
  const ending = keeper;
  ends.push(() => ending.end(new Error("the test is over")));
  const reporter = new Reporter({ telemetry: undefined, service: "test" });
  vi.spyOn(reporter.recorder, "failed").mockImplementation((_subject, operation, code) => {
    failures.push(`${operation}: ${code}`);
  });
  vi.spyOn(reporter.recorder, "rejected").mockImplementation(({ dtype, backend }, reason) => {
    rejections.push(`${dtype} on ${backend}: ${reason}`);
  });
  pool = new EnginePool({ assets: "https://assets.test/", shelf: new RuntimeShelf(), spawn });
  const rooms = {
    registry: REGISTRY,
    anchors: undefined,
    keeper,
    reporter,
    newHost: (place: Place) => new EngineHost({ place, pool, onDispose: () => undefined }),
    alone: () => pool.alone(),
    onDispose: () => undefined,
    pace: { proveAfterMs: NEVER, checkEveryMs: NEVER, ...pace },
  };
  engines.length = 0;
  const model = await loadModel(rooms, "tiny", options);
  ends.push(() => model.dispose());
  return model;
}

const x = (length: number) => ({
  x: { type: "float32" as const, data: new Float32Array(length), dims: [length] },
});

/** What became of each candidate; on WebGPU in the build of the runtime that comes first. */
function standings(model: Model) {
  const all = model.info.candidates.filter(
    ({ build, layout }) => layout === undefined || build === "jspi",
  );
  return Object.fromEntries(all.map((each) => [called(each), each.state]));
}

function called({ dtype, backend, layout }: Candidate): string {
  return layout === undefined ? backend : `${dtype} ${layout}`;
}

async function until(model: Model, wanted: Record<string, string>): Promise<void> {
  await vi.waitFor(() => expect(standings(model)).toEqual(wanted), 15_000);
}

function candidate(model: Model, wanted: string): Candidate | undefined {
  return model.info.candidates.find((each) => called(each) === wanted && each.build !== "webgpu");
}

describe("a candidate that is right", () => {
  test("and faster takes over between two calls, of which none fails; what served stands by", async () => {
    places = { "fp32 NCHW": SLOW };
    const model = await visit();
    let isOver = false;
    const calling = (async () => {
      while (!isOver) await Promise.all([model.predict(x(1)), model.predict(x(2))]);
    })();
    await until(model, { wasm: "standby", "fp32 NHWC": "serving", "fp32 NCHW": "slower" });
    isOver = true;
    await calling;
    expect(model.info.backend).toBe("webgpu");
    expect(candidate(model, "fp32 NHWC")).toMatchObject({ runMs: 3 });
    expect(candidate(model, "fp32 NHWC")?.reason).toMatch(/as it should be; at x\[2\]: .*3 ms/);
    expect(candidate(model, "wasm")).toMatchObject({ runMs: 9 });
    await vi.waitFor(() =>
      expect(engines.map((asked) => asked.at(-1) === "ended")).toEqual([true, false, true]),
    );
    expect(failures).toEqual([]);
  });

  test("and slower does not, and both times are told", async () => {
    places = { "fp32 NHWC": SLOW, "fp32 NCHW": SLOW };
    const model = await visit();
    await until(model, { wasm: "serving", "fp32 NHWC": "slower", "fp32 NCHW": "slower" });
    expect(candidate(model, "fp32 NHWC")).toMatchObject({ runMs: 50 });
    expect(candidate(model, "wasm")).toMatchObject({ runMs: 9 });
    expect(failures).toEqual([]);
    expect(rejections).toEqual(["fp32 on webgpu: slower", "fp32 on webgpu: slower"]);
  });

  test("gives way to another that is faster still", async () => {
    places = { "fp32 NCHW": { runMs: 1 } };
    const model = await visit();
    await until(model, { wasm: "standby", "fp32 NHWC": "standby", "fp32 NCHW": "serving" });
  });

  test("is not timed where the app has called with nothing, but on the golden inputs", async () => {
    const model = await visit();
    await until(model, { wasm: "standby", "fp32 NHWC": "serving", "fp32 NCHW": "slower" });
    expect(engines.flat()).not.toContain("proveAt");
  });
});

describe("a candidate that goes wrong is turned down, and the next is tried:", () => {
  test.each([
    ["wrong", /golden answers on webgpu: zeros/, "no-candidate"],
    ["throws", /no kernel/, "run-failed"],
    ["throws once it is timed", /no kernel/, "run-failed"],
    ["hangs", /longer than 0.3 s/, "engine-timeout"],
  ] as const)("one that is %s", async (fault, reason, code) => {
    if (fault === "hangs") useGpu("hanging");
    places = { "fp32 NHWC": { ...FAST, fault } };
    const model = await visit({ trialMs: 300 });
    await vi.waitFor(() => expect(candidate(model, "fp32 NCHW")?.state).toBe("serving"), 15_000);
    expect(candidate(model, "fp32 NHWC")).toMatchObject({ state: "rejected" });
    expect(candidate(model, "fp32 NHWC")?.reason).toMatch(reason);
    expect(new Set(failures)).toEqual(new Set([`prove: ${code}`]));
    expect(rejections).toContain(`fp32 on webgpu: ${code}`);
    await model.predict(x(1));
  });

  test("one that is wrong at the dims that the app uses, and at no others", async () => {
    places = { "fp32 NHWC": { ...FAST, fault: "wrong at larger inputs" } };
    const model = await visit();
    await model.predict(x(7));
    await vi.waitFor(() => expect(candidate(model, "fp32 NCHW")?.state).toBe("serving"), 15_000);
    expect(candidate(model, "fp32 NHWC")?.reason).toMatch(/on wasm, at x\[7\]: NaN/);
  });
});

describe("larger inputs than what serves was proven at", () => {
  const bigger = { "fp32 NHWC": { runMs: 2, fault: "wrong at larger inputs" } } as const;

  test("are proven in idle time, and remembered", async () => {
    places = { "fp32 NCHW": SLOW };
    const model = await visit({ proveAfterMs: 0 });
    await until(model, { wasm: "standby", "fp32 NHWC": "serving", "fp32 NCHW": "slower" });
    await model.predict(x(5));
    await vi.waitFor(async () =>
      expect(await stored()).toContainEqual(expect.objectContaining({ dims: { x: [5] } })),
    );
    const started = engines.length;
    await model.predict(x(4));
    expect(engines).toHaveLength(started);
    expect(model.info.backend).toBe("webgpu");
  });

  test("send the model back to what served first where the answers are wrong", async () => {
    places = { ...bigger, "fp32 NCHW": SLOW };
    const model = await visit({ proveAfterMs: 0 });
    await until(model, { wasm: "standby", "fp32 NHWC": "serving", "fp32 NCHW": "slower" });
    await Promise.all([model.predict(x(5)), model.predict(x(3))]);
    await until(model, { wasm: "serving", "fp32 NHWC": "rejected", "fp32 NCHW": "slower" });
    expect(model.info.backend).toBe("wasm");
    expect(candidate(model, "wasm")?.reason).toContain("gone back to");
    expect(failures).toEqual(["prove: no-candidate"]);
    await model.predict(x(5));
    await vi.waitFor(() =>
      expect(engines.filter((asked) => asked.at(-1) !== "ended")).toHaveLength(1),
    );
  });
});

describe("on a later visit", () => {
  /** One layout is wrong, the other right and faster. */
  const known = { "fp32 NHWC": { ...FAST, fault: "wrong" } } as const;
  const decided = { wasm: "standby", "fp32 NHWC": "rejected", "fp32 NCHW": "serving" };

  beforeEach(async () => {
    places = known;
    const model = await visit();
    await until(model, decided);
    await model.dispose();
    failures.length = 0;
  });

  test("what was right takes over at once, what failed is not tried, and nothing is proven", async () => {
    const model = await visit();
    await until(model, decided);
    expect(candidate(model, "fp32 NCHW")).toMatchObject({ runMs: 3 });
    expect(candidate(model, "fp32 NHWC")?.reason).toContain("zeros");
    expect(engines).toHaveLength(2);
    expect(engines.flat()).not.toContain("prove");
    expect(failures).toEqual([]);
    await model.predict(x(1));
  });

  test.each([
    ["the adapter", "amd", undefined],
    ["the browser", "nvidia", "Chrome/141.0"],
  ])("%s has changed: everything is found out again", async (_what, vendor, userAgent) => {
    useGpu(vendor, userAgent);
    places = { "fp32 NCHW": SLOW };
    const model = await visit();
    await until(model, { wasm: "standby", "fp32 NHWC": "serving", "fp32 NCHW": "slower" });
  });

  test("on another runtime everything is found out again", async () => {
    await rewrite((record) => ({
      under: String(record["under"]).replace("onnxruntime-web", "another"),
    }));
    const model = await visit();
    await until(model, decided);
    expect(failures).toEqual(["prove: no-candidate"]);
  });

  test.each([
    ["a week later", () => ({ at: Date.now() - 8 * 24 * 60 * 60 * 1000 })],
    ["after twenty loads", () => ({ loads: 20 })],
  ])("%s what was right is proven again, and what failed is not", async (_when, change) => {
    await rewrite(change);
    const model = await visit();
    await until(model, decided);
    expect(engines.flat().filter((method) => method === "prove")).toHaveLength(1);
    expect(failures).toEqual([]);
    expect(await stored()).toContainEqual(expect.objectContaining({ outcome: "proven", loads: 0 }));
  });

  test("loads are counted", async () => {
    const model = await visit();
    await until(model, decided);
    expect(await stored()).toContainEqual(expect.objectContaining({ outcome: "proven", loads: 1 }));
  });

  test("what does not open any more is given up, and WASM goes on", async () => {
    places = { ...known, "fp32 NCHW": { ...FAST, fault: "throws once it is timed" } };
    const model = await visit();
    await until(model, { wasm: "serving", "fp32 NHWC": "rejected", "fp32 NCHW": "rejected" });
    expect(failures).toEqual(["prove: run-failed"]);
  });

  test("records that were damaged count as none", async () => {
    await rewrite(() => ({ dims: "all", outcome: 7 }));
    const model = await visit();
    await until(model, decided);
    expect(failures).toEqual(["prove: no-candidate"]);
  });

  test("what was forgotten after a failure is proven before it serves again", async () => {
    const [proven] = (await stored()).filter((record) => record["outcome"] === "proven");
    const rung = {
      place: { backend: "webgpu", build: "jspi", layout: "NCHW", features: [] },
      dtype: "fp32",
    } as const;
    await forgetVerdict(keeper, String(proven?.["digest"]), rung);
    const model = await visit();
    await until(model, decided);
    expect(engines.flat().filter((method) => method === "prove")).toHaveLength(1);
  });
});

describe("a precision that the device does not hold", () => {
  const packed: PackContent = { dtypes: ["fp32", "q8"] };

  test("is fetched where none that it holds will do", async () => {
    registry.publish(await packOf(packed));
    places = {
      "fp32 NHWC": { ...FAST, fault: "wrong" },
      "fp32 NCHW": { ...FAST, fault: "wrong" },
      "q8 NCHW": SLOW,
    };
    const model = await visit();
    const rest = { "fp32 NHWC": "rejected", "fp32 NCHW": "rejected", "q8 NCHW": "slower" };
    await until(model, { wasm: "standby", ...rest, "q8 NHWC": "serving" });
    expect(model.info.dtype).toBe("q8");
  });

  test("is not fetched where another is right and faster", async () => {
    registry.publish(await packOf(packed));
    places = { "fp32 NCHW": SLOW };
    const model = await visit();
    const rest = { "q8 NHWC": "waiting", "q8 NCHW": "waiting" };
    await until(model, {
      wasm: "standby",
      "fp32 NHWC": "serving",
      "fp32 NCHW": "slower",
      ...rest,
    });
    await vi.waitFor(() => expect(candidate(model, "q8 NHWC")?.reason).toContain("not fetched"));
  });
});

describe("what a candidate lacks is fetched while others have their turn", () => {
  let isAskedFor: Promise<void>;
  let answer: () => void;

  /** All that is fetched for the second precision waits. */
  beforeEach(async () => {
    registry.publish(await packOf({ dtypes: ["fp32", "q8"] }));
    const wrong = { ...FAST, fault: "wrong" } as const;
    places = { "fp32 NHWC": wrong, "fp32 NCHW": wrong, "q8 NCHW": SLOW };
    let count = 0;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    isAskedFor = new Promise((resolve) => {
      registry.intercept = async ({ path }) => {
        if (!path.includes("/segments/") || count++ === 0) return undefined;
        resolve();
        await held;
        return undefined;
      };
    });
  });

  test("and it has its own once that has come", async () => {
    const model = await visit();
    await isAskedFor;
    expect(candidate(model, "q8 NHWC")?.state).toBe("waiting");
    const end = await pool.alone();
    expect(engines.filter((asked) => asked.at(-1) !== "ended")).toHaveLength(1);
    answer();
    end();
    await vi.waitFor(() => expect(candidate(model, "q8 NHWC")?.state).toBe("serving"), 15_000);
  });

  test("and is given up with its model", async () => {
    const model = await visit();
    await isAskedFor;
    await model.dispose();
    answer();
    (await pool.alone())();
    expect(engines.every((asked) => asked.at(-1) === "ended")).toBe(true);
  });
});

describe("a GPU that was lost, and WASM answers in its place,", () => {
  const lost = { runMs: 2, fault: "is lost once it is called" } as const;
  const away = { wasm: "serving", "fp32 NHWC": "rejected", "fp32 NCHW": "slower" };
  const back = { wasm: "standby", "fp32 NHWC": "serving", "fp32 NCHW": "slower" };

  /** A page that has lost its GPU. */
  async function visitAndLose(
    pace: Partial<Pace>,
    { before = back, ...options }: LoadOptions & { before?: Record<string, string> } = {},
  ): Promise<Model> {
    places = { "fp32 NHWC": lost, "fp32 NCHW": SLOW };
    const model = await visit({ restMs: 20, ...pace }, options);
    await vi.waitFor(() => expect(standings(model)).toMatchObject(before), 15_000);
    vi.stubGlobal("navigator", { userAgent: "Chrome/140.0" });
    await model.predict(x(1));
    expect(model.info.backend).toBe("wasm");
    return model;
  }

  test("is proven anew and takes over again, once the browser offers one", async () => {
    const model = await visitAndLose({});
    const started = engines.length;
    places = { "fp32 NCHW": SLOW };
    const proofs = () => engines.flat().filter((method) => method === "prove").length;
    const before = proofs();
    useGpu("nvidia");
    await until(model, back);
    expect(proofs()).toBe(before + 1);
    expect(engines).toHaveLength(started + 1);
    await model.predict(x(1));
    expect(model.info.backend).toBe("webgpu");
  });

  test("is tried again where it breaks once more, and that is held against nothing", async () => {
    const model = await visitAndLose({ trialMs: 300 });
    places = { "fp32 NHWC": { ...FAST, fault: "hangs" }, "fp32 NCHW": SLOW };
    useGpu("hanging");
    await vi.waitFor(() => expect(failures).toContain("prove: engine-timeout"), 15_000);
    places = { "fp32 NCHW": SLOW };
    await until(model, back);
  });

  test("is let alone where it is wrong by now, and that is remembered", async () => {
    const model = await visitAndLose({});
    places = { "fp32 NHWC": { ...FAST, fault: "wrong" }, "fp32 NCHW": SLOW };
    useGpu("nvidia");
    await vi.waitFor(async () =>
      expect(await stored()).toContainEqual(
        expect.objectContaining({ outcome: "failed", code: "no-candidate" }),
      ),
    );
    await until(model, away);
  });

  test("serves again where the app asked for it before WASM, however fast it is", async () => {
    const before = { wasm: "waiting", "fp32 NHWC": "serving" };
    const model = await visitAndLose({}, { backend: ["webgpu", "wasm"], before });
    places = { "fp32 NHWC": SLOW };
    useGpu("nvidia");
    await vi.waitFor(() => expect(candidate(model, "fp32 NHWC")?.state).toBe("serving"), 15_000);
    expect(candidate(model, "fp32 NHWC")?.reason).toContain("asked for, and back");
    expect(standings(model)["wasm"]).toBe("standby");
    await model.predict(x(1));
  });
});

test("a model that is disposed of meanwhile leaves no engine behind, and nothing is held against a candidate", async () => {
  places = { "fp32 NHWC": { ...FAST, fault: "hangs" } };
  const model = await visit();
  await vi.waitFor(() => expect(engines[1]).toContain("prove"), 15_000);
  await model.dispose();
  await vi.waitFor(() => expect(engines.map((asked) => asked.at(-1))).toEqual(["ended", "ended"]));
  expect(await stored()).toEqual([]);
  expect(failures).toEqual([]);
});

test("nothing is proven where there is no GPU", async () => {
  vi.stubGlobal("navigator", { userAgent: "Chrome/140.0" });
  const model = await visit();
  await until(model, { wasm: "serving", webgpu: "rejected" });
  expect(engines).toHaveLength(1);
});

/** Verdicts as they lie in the store. */
function stored(): Promise<readonly Record<string, unknown>[]> {
  return database.use("looking at verdicts", async (connection) => {
    const records: readonly object[] = await connection.getAll("verdicts");
    return records.map((record) => ({ ...record }));
  });
}

/** Changes all verdicts. */
async function rewrite(
  change: (record: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  const records = await stored();
  await database.use("changing verdicts", async (connection) => {
    for (const record of records)
      await connection.put("verdicts", { ...record, ...change(record) } as never);
  });
}

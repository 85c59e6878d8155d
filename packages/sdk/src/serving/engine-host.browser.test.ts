import { SelvedgeError } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { select } from "../delivery/registry.fixture.ts";
import { eventually } from "../eventually.fixture.ts";
import type { Tensors } from "../tensor.ts";
import { CRASH, ENGINE_METHODS, HANG, scriptedWorker } from "../worker/scripted-worker.fixture.ts";
import { spawnEngine } from "../worker/spawn.ts";
import { EngineHost, type EngineHostOptions } from "./engine-host.ts";
import { EnginePool } from "./engine-pool.ts";
import { RuntimeShelf } from "./runtime-shelf.ts";

const REQUEST = { by: "selector", selector: select() } as const;

const WASM = { backend: "wasm", build: "wasm", features: [] } as const;

let workers: Worker[];
let host: EngineHost;

beforeEach(() => {
  workers = [];
  host = hostOf(() => scriptedWorker(ENGINE_METHODS));
});

afterEach(() => {
  host.dispose();
});

function hostOf(spawn: () => Worker, own: Partial<EngineHostOptions> = {}): EngineHost {
  return new EngineHost({
    place: WASM,
    pool: new EnginePool({
      assets: "https://assets.test/",
      shelf: new RuntimeShelf(),
      spawn: () => {
        const worker = spawn();
        workers.push(worker);
        return worker;
      },
    }),
    onDispose: () => undefined,
    ...own,
  });
}

const x = (...values: number[]): Tensors => ({
  x: { type: "float32", data: Float32Array.from(values), dims: [values.length] },
});

/** Runs, and answers with the first element, or the code or name of the error. */
async function run(
  value: number,
  options: { signal?: AbortSignal; timeoutMs?: number; onStart?: () => void } = {},
): Promise<unknown> {
  try {
    const { timeoutMs = 5000, onStart = () => undefined, signal } = options;
    const { outputs } = await host.run(x(value), { timeoutMs, onStart, signal });
    return outputs["y"]?.data[0];
  } catch (error) {
    if (error instanceof Error)
      return "code" in error && !(error instanceof DOMException) ? error.code : error.name;
    throw error;
  }
}

test("calls are answered in order, one at a time", async () => {
  await host.open(REQUEST);
  const order: string[] = [];
  const calls = [1, 2, 3].map(async (n) => {
    await run(n, { onStart: () => order.push(`start ${n}`) });
    order.push(`end ${n}`);
  });
  await Promise.all(calls);
  expect(order).toEqual(["start 1", "end 1", "start 2", "end 2", "start 3", "end 3"]);
});

test("a crash fails the call it hit; those behind it are answered by one fresh worker", async () => {
  await host.open(REQUEST);
  expect(await Promise.all([run(1), run(CRASH), run(2), run(3)])).toEqual([
    1,
    "engine-crashed",
    2,
    3,
  ]);
  expect(workers).toHaveLength(2);
});

test("a crash between two calls is not the second one's", async () => {
  await host.open(REQUEST);
  workers[0]?.dispatchEvent(new ErrorEvent("error", { message: "out of memory" }));
  expect(await run(7)).toBe(7);
  expect(workers).toHaveLength(2);
});

test("an engine that is started again after a failure is told of, with the failure", async () => {
  const codes: string[] = [];
  const onRestart = (_: EngineHost, { code }: SelvedgeError) => codes.push(code);
  host = hostOf(() => scriptedWorker(ENGINE_METHODS), { onRestart });
  await host.open(REQUEST);
  await Promise.all([run(CRASH), run(1), run(2)]);
  expect(await run(HANG, { timeoutMs: 50 })).toBe("engine-timeout");
  expect(codes).toEqual(["engine-crashed"]);
  expect(await run(3)).toBe(3);
  expect(codes).toEqual(["engine-crashed", "engine-timeout"]);
});

test("a hang past the deadline fails that call; the one behind it is answered", async () => {
  await host.open(REQUEST);
  expect(await Promise.all([run(HANG, { timeoutMs: 50 }), run(4)])).toEqual(["engine-timeout", 4]);
});

test("time spent waiting for calls before it does not count towards a deadline", async () => {
  await host.open(REQUEST);
  const slow = run(HANG, { timeoutMs: 300 });
  const quick = run(5, { timeoutMs: 200 });
  expect(await Promise.all([slow, quick])).toEqual(["engine-timeout", 5]);
});

test("a runtime that does not start fails the open with why; the next open has a fresh worker", async () => {
  host = hostOf(() =>
    workers.length === 0
      ? scriptedWorker(`
          start: () => ({ ok: false, error: { name: "SelvedgeError", code: "assets-missing", message: "404" } }),
          open: () => new Promise(() => {}),
        `)
      : scriptedWorker(ENGINE_METHODS),
  );
  await expect(host.open(REQUEST)).rejects.toMatchObject({ code: "assets-missing" });
  expect(await host.open(REQUEST)).toMatchObject({ name: "tiny" });
  expect(workers).toHaveLength(2);
});

describe("a worker of another version, whose answers make no sense,", () => {
  const crashed = { code: "engine-crashed", message: expect.stringContaining("another version") };

  test("fails the opening, and is ended", async () => {
    host = hostOf(() => scriptedWorker(`${ENGINE_METHODS} open: () => ({ ok: true, value: {} }),`));
    await expect(host.open(REQUEST)).rejects.toMatchObject(crashed);
    await expect(host.open(REQUEST)).rejects.toMatchObject(crashed);
    expect(workers).toHaveLength(2);
  });

  test("fails the call, and is ended", async () => {
    host = hostOf(() => scriptedWorker(`${ENGINE_METHODS} run: () => ({ ok: true, value: {} }),`));
    await host.open(REQUEST);
    expect(await run(1)).toBe("engine-crashed");
    expect(await run(1)).toBe("engine-crashed");
    expect(workers).toHaveLength(2);
  });
});

test("a worker that may not be started rejects the call with a SelvedgeError", async () => {
  host = hostOf(() => spawnEngine("https://other.test/engine.js"));
  await expect(host.open(REQUEST)).rejects.toMatchObject({
    code: "engine-crashed",
    message: expect.stringContaining("could not be started"),
  });
});

describe("an abort", () => {
  test("in the queue rejects at once, without starting, and the next in turn is answered", async () => {
    await host.open(REQUEST);
    const controller = new AbortController();
    const onStart = vi.fn();
    const running = run(HANG, { timeoutMs: 100 });
    const waiting = run(1, { signal: controller.signal, onStart });
    const behind = run(2);
    controller.abort();
    expect(await waiting).toBe("AbortError");
    expect(await running).toBe("engine-timeout");
    expect(await behind).toBe(2);
    expect(onStart).not.toHaveBeenCalled();
  });

  test("while it runs rejects at once; the next waits until the engine is done", async () => {
    await host.open(REQUEST);
    const controller = new AbortController();
    const running = run(HANG, {
      signal: controller.signal,
      timeoutMs: 100,
      onStart: () => controller.abort(),
    });
    const behind = run(3);
    expect(await running).toBe("AbortError");
    expect(await behind).toBe(3);
    expect(workers).toHaveLength(2);
  });

  test("leaves no listener on the signal of a call that was answered", async () => {
    await host.open(REQUEST);
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, "addEventListener");
    const remove = vi.spyOn(signal, "removeEventListener");
    await run(1, { signal });
    await eventually(() => expect(remove).toHaveBeenCalledTimes(add.mock.calls.length));
  });
});

describe("dispose", () => {
  test("settles the call that runs and those that wait, and every later one", async () => {
    await host.open(REQUEST);
    const calls = [run(HANG), run(1)];
    host.dispose();
    host.dispose();
    expect(await Promise.all([...calls, run(2)])).toEqual(["disposed", "disposed", "disposed"]);
    expect(workers).toHaveLength(1);
  });

  test("while it opens rejects the open, and ends the worker", async () => {
    const opening = host.open(REQUEST);
    const [worker] = workers;
    if (worker === undefined) throw new Error("no worker was started");
    const terminate = vi.spyOn(worker, "terminate");
    host.dispose();
    await expect(opening).rejects.toMatchObject({ code: "disposed" });
    expect(terminate).toHaveBeenCalledOnce();
  });

  test("when it retires, calls made before are answered first", async () => {
    await host.open(REQUEST);
    const calls = [run(1), run(2)];
    const retired = host.retire();
    expect(await Promise.all(calls)).toEqual([1, 2]);
    await retired;
    expect(await run(3)).toBe("disposed");
  });
});

describe("a pack that the engine cannot read from the store", () => {
  const DAMAGED = `{ ok: false, error: { name: "SelvedgeError", code: "storage-damaged", message: "" } }`;
  const stored = { digest: "d".repeat(64), dtype: "fp32" } as const;
  /** Opens by selector, or what it is handed; the store has lost what is asked for by digest. */
  const engine = `${ENGINE_METHODS}
    open(_session, request) {
      if (request.by === "digest") return ${DAMAGED};
      if (request.by === "bytes") globalThis.handed = request.pieces[0].bytes.byteLength;
      return ({ ${ENGINE_METHODS} }).open();
    },
  `;
  const recover = vi.fn<NonNullable<EngineHostOptions["recover"]>>();

  beforeEach(() => {
    recover.mockReset().mockImplementation(async () => ({
      manifest: "{}",
      signedBy: {},
      pieces: [{ key: ["ab", 0], bytes: new ArrayBuffer(8) }],
    }));
    host = hostOf(() => scriptedWorker(engine), { recover });
  });

  test("is made whole elsewhere and handed over", async () => {
    const origin = { name: "tiny", version: "1.0.0" };
    expect(await host.openStored({ ...stored, origin })).toMatchObject({ name: "tiny" });
    const pack = { ...stored, origin, backend: "wasm", features: [] };
    expect(recover).toHaveBeenCalledExactlyOnceWith(pack, undefined);
    expect(await run(4)).toBe(4);
  });

  test("does not fail the call after a crash: that is answered by a fresh worker", async () => {
    await host.open(REQUEST);
    expect(await Promise.all([run(CRASH), run(2)])).toEqual(["engine-crashed", 2]);
    expect(recover).toHaveBeenCalledOnce();
    expect(recover.mock.calls[0]?.[0]).toMatchObject({
      digest: stored.digest,
      origin: { name: "tiny", version: "1.0.0" },
    });
  });

  test("and cannot be had elsewhere either fails with why", async () => {
    const offline = new SelvedgeError("network", "offline");
    recover.mockRejectedValue(offline);
    await expect(host.openStored(stored)).rejects.toBe(offline);
  });

  test("is fetched anew when it is golden answers that were lost", async () => {
    const proving = `${engine} prove: () => globalThis.handed === 8
      ? { ok: true, value: { holds: true, finding: "as it should be" } } : ${DAMAGED},`;
    host = hostOf(() => scriptedWorker(proving), { recover });
    await host.open(REQUEST);
    expect(await host.prove()).toMatchObject({ holds: true });
    expect(recover).toHaveBeenCalledOnce();
  });

  test("is an error of its own where nobody mends it", async () => {
    host = hostOf(() => scriptedWorker(engine));
    await expect(host.openStored(stored)).rejects.toMatchObject({ code: "storage-damaged" });
  });
});

import { vi } from "vitest";
import { createSelvedge, type Selvedge } from "./selvedge.ts";
import { ENGINE_METHODS, scriptedWorker } from "./worker/scripted-worker.fixture.ts";

/** A keeper of one model, which is there at once. */
export const KEEPER = `
  start: () => undefined,
  cancel: () => undefined,
  install: () => ({ ok: true, value: { digest: "d".repeat(64), version: "1.0.0", dtype: "fp32", storage: { kind: "persistent" }, bytes: 1234, fetchedBytes: 1234, resolveMs: 1, fetchMs: 1 } }),
  standing: () => ({ ok: true }),
  findUpdate: () => ({ ok: true }),
  contents: () => ({ ok: true, value: { digest: "d".repeat(64), name: "tiny", version: "1.0.0", variants: [
    { dtype: "fp32", engine: "onnx", backends: ["webgpu"], requires: [], memoryBytes: 1, bytes: 1, largestTensorBytes: 1 },
  ] } }),
  verdicts: () => ({ ok: true, value: [] }),
  judge: () => ({ ok: true }),
  list: () => ({ ok: true, value: [] }),
`;

/** An engine whose store has nothing until it is opened by digest. */
export const COLD_ENGINE = `${ENGINE_METHODS}
  open(_session, request) {
    return request.by === "selector" ? { ok: true } : ({ ${ENGINE_METHODS} }).open();
  },
`;

/** What the workers of a handle are written with, and where it sends its telemetry. */
interface Scripts {
  readonly engine?: string;
  readonly keeper?: string;
  readonly endpoint?: string;
}

/** The workers that handles have started. */
export class ScriptedWorkers {
  readonly engines: Worker[] = [];
  readonly keepers: Worker[] = [];

  /** A handle whose workers are these. */
  open({ engine = ENGINE_METHODS, keeper = KEEPER, endpoint = "" }: Scripts = {}): Selvedge {
    return createSelvedge({
      registry: "/models",
      ...(endpoint === "" ? {} : { telemetry: { endpoint } }),
      workers: {
        engine: () => this.startEngine(engine),
        keeper: () => this.startKeeper(keeper),
      },
    });
  }

  startEngine(methods: string): Worker {
    return tracked(this.engines, methods);
  }

  startKeeper(methods: string): Worker {
    return tracked(this.keepers, methods);
  }
}

function tracked(workers: Worker[], methods: string): Worker {
  const worker = scriptedWorker(methods);
  vi.spyOn(worker, "terminate");
  workers.push(worker);
  return worker;
}

/** Whether nobody has ended a worker yet. */
export const isRunning = (worker: Worker): boolean =>
  vi.mocked(worker.terminate).mock.calls.length === 0;

/** Inputs of these values. */
export const x = (...values: number[]) =>
  ({
    x: { type: "float32", data: Float32Array.from(values), dims: [values.length] },
  }) as const;

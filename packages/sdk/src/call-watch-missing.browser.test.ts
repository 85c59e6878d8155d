import { afterEach, expect, test, vi } from "vitest";
import { createSelvedge, type Selvedge } from "./selvedge.ts";
import { freshDatabase } from "./store/fresh-database.fixture.ts";
import { ENGINE_METHODS, scriptedWorker } from "./worker/scripted-worker.fixture.ts";

const chunk = vi.hoisted(() => ({ isMissing: true }));

vi.mock("./telemetry/call-watch.ts", async (importOriginal) => {
  const { CallWatch: Original } =
    await importOriginal<typeof import("./telemetry/call-watch.ts")>();
  class CallWatch extends Original {
    constructor(...options: ConstructorParameters<typeof Original>) {
      if (chunk.isMissing) throw new TypeError("Failed to fetch dynamically imported module");
      super(...options);
    }
  }
  return { CallWatch };
});

const KEEPER = `
  start: () => undefined,
  cancel: () => undefined,
  install: () => ({ ok: true, value: { digest: "d".repeat(64), version: "1.0.0", dtype: "fp32", storage: { kind: "persistent" }, bytes: 1, fetchedBytes: 0, resolveMs: 1, fetchMs: 1 } }),
  standing: () => ({ ok: true }),
  findUpdate: () => ({ ok: true }),
  verdicts: () => ({ ok: true, value: [] }),
  judge: () => ({ ok: true }),
`;

const inputs = { x: { type: "float32", data: Float32Array.of(1), dims: [1] } } as const;

let selvedge: Selvedge;

afterEach(async () => {
  await selvedge.close();
});

test("a page that lacks what looks at calls has its model, and looks with the next", async () => {
  await (await freshDatabase()).close();
  selvedge = createSelvedge({
    registry: "/models",
    workers: {
      engine: () => scriptedWorker(ENGINE_METHODS),
      keeper: () => scriptedWorker(KEEPER),
    },
  });
  const without = await selvedge.load("tiny");
  const { id, outputs } = await without.predict(inputs, { capture: true });
  expect(outputs["y"]?.data).toEqual(Float32Array.of(1));
  expect(await without.feedback(id, { correct: true })).toBe(false);
  chunk.isMissing = false;
  const model = await selvedge.load("tiny");
  const later = await model.predict(inputs, { capture: true });
  expect(await selvedge.prediction(later.id)).toMatchObject({ id: later.id });
  expect(await selvedge.prediction(id)).toBeUndefined();
});

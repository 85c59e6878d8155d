import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import type { ReplayResult } from "@selvedge/packer";
import { type CapturedPrediction, METRICS } from "@selvedge/protocol";
import { RUNTIME_VERSION } from "selvedge/runtime-files";
import { test as base, expect, openBare } from "./fixtures/test.ts";
import { CLI, REGISTRY, ROOT } from "./places.ts";

/** Tests with a folder to write exported predictions to. */
const test = base.extend<{ folder: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "selvedge-e2e-captures-"));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },
});

/** Predicts with `capture`, and exports: rec on a session that is created as a rehearsal may choose it. */
function capture(page: Page): Promise<Record<"lande" | "rec", string>> {
  return page.evaluate(async (runtime) => {
    const noise = (length: number) =>
      Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898) * Math.cos(i * 0.37));
    const exported = async (name: string, inputs: import("selvedge").Tensors): Promise<string> => {
      const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
      const model = await selvedge.load(name, { backend: "wasm" });
      const { id } = await model.predict(inputs, { capture: true });
      const file = await selvedge.exportPrediction(id);
      await selvedge.close();
      return file.text();
    };
    const ngrams = { type: "float32", data: noise(620), dims: [1, 620] } as const;
    const x = { type: "float32", data: noise(3 * 48 * 160), dims: [1, 3, 48, 160] } as const;
    const usual: CapturedPrediction = JSON.parse(await exported("ocr-rec", { x }));
    const { digest } = usual.record;
    await new Promise<void>((resolve, reject) => {
      const opening = indexedDB.open("selvedge");
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const writing = opening.result.transaction("verdicts", "readwrite");
        const candidate = "settings fp32";
        const under = `${runtime}; ${navigator.userAgent}`;
        const settings = { graphOptimizationLevel: "basic", prepacking: false };
        writing.objectStore("verdicts").put({ digest, candidate, at: 1, under, settings });
        writing.oncomplete = () => {
          opening.result.close();
          resolve();
        };
        writing.onerror = () => reject(writing.error);
      };
    });
    return { lande: await exported("lande", { ngrams }), rec: await exported("ocr-rec", { x }) };
  }, `onnxruntime-web ${RUNTIME_VERSION}`);
}

/** Runs `selvedge replay`. */
function replay(file: string): { status: number; result: ReplayResult | undefined } {
  const args = [CLI, "replay", file, "--registry", REGISTRY, "--json"];
  try {
    const stdout = execFileSync("node", args, { cwd: ROOT, encoding: "utf8", stdio: "pipe" });
    return { status: 0, result: JSON.parse(stdout) };
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { status, result: stdout === "" ? undefined : JSON.parse(stdout) };
  }
}

test("what a page captured comes out of the registry's pack the same to the bit, elsewhere", async ({
  bare: page,
  folder,
}) => {
  const files = await capture(page);
  // They change most of rec's answers by a bit: a replay without them would not be exact.
  const settings = { graphOptimizationLevel: "basic", prepacking: false };
  expect(JSON.parse(files.rec).record.settings).toEqual(settings);
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, `${name}.json`);
    await writeFile(file, text);
    const { status, result } = replay(file);
    expect(result).toMatchObject({ ok: true, isExact: true, expected: { kind: "exact" } });
    expect(result?.outputs.every(({ differing }) => differing === 0)).toBe(true);
    expect(status).toBe(0);
  }
});

test("a bit that is not what the model answered is found: which output, which element", async ({
  bare: page,
  folder,
}) => {
  const captured: CapturedPrediction = JSON.parse((await capture(page)).lande);
  const { probabilities } = captured.outputs;
  const told = captured.record.outputs["probabilities"];
  if (probabilities === undefined || told === undefined) throw new Error("nothing was answered");
  const bytes = Buffer.from(String(probabilities.data), "base64");
  bytes[7 * 4] = (bytes[7 * 4] ?? 0) ^ 1;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const file = join(folder, "changed.json");
  const record = { ...captured.record, outputs: { probabilities: { ...told, sha256 } } };
  const outputs = { probabilities: { ...probabilities, data: bytes.toString("base64") } };
  await writeFile(file, JSON.stringify({ ...captured, record, outputs }));
  const { status, result } = replay(file);
  expect(status).toBe(1);
  expect(result).toMatchObject({ ok: false, isExact: false });
  expect(result?.outputs[0]).toMatchObject({ differing: 1, outside: 1, first: { index: 7 } });
});

test("a record is found on the next visit, and its truth counts once, whoever brings it", async ({
  bare: page,
  site,
}) => {
  const id = await page.evaluate(async () => {
    const telemetry = { endpoint: "/v1", service: "e2e" };
    const predictions = { sample: 1 };
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models", telemetry, predictions });
    const model = await selvedge.load("lande");
    const ngrams = { type: "float32", data: new Float32Array(620), dims: [1, 620] } as const;
    const answer = await model.predict({ ngrams });
    await selvedge.close();
    return answer.id;
  });
  await openBare(page, site);
  const { record, counted, sent } = await page.evaluate(async (id) => {
    const sent: import("@selvedge/protocol").OtlpBatch[] = [];
    const onSend = (batch: import("@selvedge/protocol").OtlpBatch) => void sent.push(batch);
    const telemetry = { endpoint: "/v1", service: "e2e", onSend };
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models", telemetry });
    const record = await selvedge.prediction(id);
    const model = await selvedge.load("lande");
    const truths = [true, true, false].map((correct) => model.feedback(id, { correct }));
    const counted = await Promise.all(truths);
    await selvedge.telemetry.flush();
    return { record, counted, sent };
  }, id);
  expect(record).toMatchObject({ id, model: "lande", version: "1.0.0", backend: "wasm" });
  expect(counted.filter(Boolean)).toHaveLength(1);
  const metrics = sent.flatMap((batch) =>
    batch.signal === "metrics"
      ? batch.body.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics)
      : [],
  );
  const points = metrics
    .flatMap((scope) => scope.metrics)
    .filter(({ name }) => name === METRICS.feedback)
    .flatMap(({ sum }) => sum?.dataPoints ?? []);
  expect(points.map(({ asInt }) => asInt)).toEqual(["1"]);
});

test("what was not captured, or is not known, says so by its code", async ({ bare: page }) => {
  const codes = await page.evaluate(async () => {
    const telemetry = { endpoint: "/v1" };
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models", telemetry });
    const model = await selvedge.load("lande");
    const code = (error: unknown) =>
      error instanceof selvedgeModule.SelvedgeError ? error.code : String(error);
    return [
      await selvedge.exportPrediction("no-such-id").catch(code),
      await model.feedback("no-such-id", { correct: true }).catch(code),
      await model.feedback("no-such-id", {} as { correct: boolean }).catch(code),
      await selvedge.prediction("no-such-id"),
    ];
  });
  expect(codes).toEqual([
    "prediction-unknown",
    "prediction-unknown",
    "feedback-invalid",
    undefined,
  ]);
});

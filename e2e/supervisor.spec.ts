import { expect, test } from "./fixtures/test.ts";

test("a call past its deadline rejects, and the next is answered by a fresh engine", async ({
  bare: page,
}) => {
  const result = await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load("ocr-rec");
    const x = blankLine();
    const codeOf = (promise: Promise<unknown>) =>
      promise.then(
        () => "answered",
        (error: unknown) => (error instanceof selvedgeModule.SelvedgeError ? error.code : "other"),
      );
    const late = codeOf(model.predict({ x }, { timeoutMs: 1 }));
    const behind = codeOf(model.predict({ x }));
    return { late: await late, behind: await behind, next: await codeOf(model.predict({ x })) };
  });
  expect(result).toEqual({ late: "engine-timeout", behind: "answered", next: "answered" });
});

test("an engine that crashes is replaced, and the call it had is answered by the next", async ({
  bare: page,
}) => {
  const started = page.waitForEvent("worker", (worker) => /engine/.test(worker.url()));
  await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    await selvedge.load("ocr-rec");
    await selvedge.close();
  });
  const engine = (await started).url();
  const result = await page.evaluate(async (engine) => {
    const workers: Worker[] = [];
    const spawn = () => {
      const script = `import ${JSON.stringify(engine)};
        addEventListener("message", ({ data }) => { if (data === "crash") throw new Error("boom") });`;
      const blob = new Blob([script], { type: "text/javascript" });
      const worker = new Worker(URL.createObjectURL(blob), { type: "module" });
      workers.push(worker);
      return worker;
    };
    const selvedge = selvedgeModule.createSelvedge({
      registry: "/models",
      workers: { engine: spawn },
    });
    const model = await selvedge.load("ocr-rec");
    const x = blankLine();
    const hit = model.predict({ x });
    workers[0]?.postMessage("crash");
    const behind = model.predict({ x });
    const runMs = [(await hit).timings.runMs, (await behind).timings.runMs];
    return { runMs, workers: workers.length, candidates: model.info.candidates };
  }, engine);
  expect(result.runMs.every((milliseconds) => milliseconds > 0)).toBe(true);
  expect(result.workers).toBe(2);
  expect(result.candidates).toContainEqual(
    expect.objectContaining({ backend: "wasm", state: "serving" }),
  );
});

test("disposing settles every call and ends the worker; twice is once", async ({ bare: page }) => {
  const result = await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load("ocr-rec");
    const x = blankLine();
    const calls = [1, 2, 3].map(() =>
      model.predict({ x }).then(
        () => "answered",
        (error: unknown) =>
          error instanceof selvedgeModule.SelvedgeError ? error.code : String(error),
      ),
    );
    await model.dispose();
    await model.dispose();
    return Promise.all(calls);
  });
  expect(result).toEqual(["disposed", "disposed", "disposed"]);
  await expect.poll(() => page.workers().filter((w) => /engine/.test(w.url())).length).toBe(0);
});

test("an aborted call rejects at once with AbortError, and the one behind it is answered", async ({
  bare: page,
}) => {
  const result = await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load("ocr-rec");
    const x = blankLine();
    const controller = new AbortController();
    const running = model.predict({ x }, { signal: controller.signal });
    const waiting = model.predict({ x }, { signal: controller.signal });
    const behind = model.predict({ x });
    controller.abort();
    const names = await Promise.allSettled([running, waiting]);
    return {
      names: names.map((end) => (end.status === "rejected" ? end.reason.name : "answered")),
      behind: (await behind).timings.runMs,
    };
  });
  expect(result.names).toEqual(["AbortError", "AbortError"]);
  expect(result.behind).toBeGreaterThan(0);
});

import { CHROMIUM_ARGS } from "./chromium-args.ts";
import { test as base } from "./fixtures/own-registry.ts";
import { FRAME, packSilero, SILERO, SPEECH } from "./fixtures/silero.ts";
import { expect, openBare } from "./fixtures/test.ts";

const executablePath = process.env["SELVEDGE_CHROMIUM"];

const test = base.extend({
  registry: async ({ registry }, use) => {
    await packSilero(registry);
    await use(registry);
  },
});

test.use({
  launchOptions: {
    args: [...CHROMIUM_ARGS, "--enable-unsafe-webgpu"],
    ...(executablePath === undefined ? {} : { executablePath }),
  },
});

test("silero_vad_v5, which WebGPU's default layout gets wrong, never serves from there", async ({
  page,
  site,
}) => {
  await openBare(page, site);
  const { speech, serving, candidates } = await page.evaluate(
    async ({ name, frame }) => {
      const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
      const model = await selvedge.load(name, { backend: ["webgpu", "wasm"] });
      const { outputs } = await model.predict({
        input: { type: "float32", dims: [1, 576], data: Float32Array.from(frame) },
        state: { type: "float32", dims: [2, 1, 128], data: new Float32Array(256) },
        sr: { type: "int64", dims: [], data: BigInt64Array.of(16000n) },
      });
      const { candidates } = model.info;
      const serving = candidates.find(({ state }) => state === "serving");
      return { speech: Number(outputs["output"]?.data[0]), serving, candidates };
    },
    { name: SILERO, frame: FRAME },
  );
  expect(Math.abs(speech - SPEECH)).toBeLessThan(1e-4);
  expect(serving).toMatchObject({ backend: "webgpu", layout: "NCHW", state: "serving" });
  const byDefault = candidates.filter(({ layout }) => layout === "NHWC");
  for (const candidate of byDefault) expect(candidate.state).toBe("rejected");
  expect(byDefault[0]?.reason).toMatch(/golden answers on webgpu: .* is 0\.060\d+, golden 0\.0291/);
});

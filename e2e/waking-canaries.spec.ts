import type { Page } from "@playwright/test";
import { findCanaries, numbersCanary } from "./fixtures/find-canaries.ts";
import { Sleeper } from "./fixtures/sleeper.ts";
import { expect, test } from "./fixtures/test.ts";
import { MODEL } from "./fixtures/waking.ts";

/** What a user gives the model: numbers that are in no model, and in no golden input. */
const PLANTED = Float32Array.from(
  { length: 620 },
  (_, i) => Math.abs(Math.sin(i * 78.233)) * 0.9817,
);

const CANARIES = Array.from({ length: 77 }, (_, i) => 8 * i).map((at) =>
  numbersCanary(`input from ${at}`, PLANTED.subarray(at, at + 8)),
);

/** Everything that the device keeps of images: in the database, and in files. */
async function everyByte(backstage: Page): Promise<Buffer> {
  const text = await backstage.evaluate(async () => {
    const bytes = await device.everyByte();
    return new Promise<string>((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(String(reader.result));
      reader.readAsDataURL(new Blob([bytes.slice()]));
    });
  });
  return Buffer.from(text.slice(text.indexOf(",") + 1), "base64");
}

test("nothing of what a user gave a model is in the image that is made of its engine", async ({
  browser,
}) => {
  const sleeper = await Sleeper.arrive(browser, MODEL);
  const page = await sleeper.open();
  // Before it is made, while it is made, and captured, as the app asked for it.
  const captured = await page.evaluate(
    async (planted) => {
      const predictions = { sample: 1 };
      const selvedge = selvedgeModule.createSelvedge({ registry: "/models", predictions });
      const model = await selvedge.load("lande", { backend: "wasm" });
      const ask = (capture: boolean) => {
        const data = Float32Array.from(planted);
        return model.predict({ ngrams: { type: "float32", data, dims: [1, 620] } }, { capture });
      };
      const { id } = await ask(true);
      setInterval(() => void ask(false).catch(() => undefined), 100);
      return (await selvedge.exportPrediction(id)).text();
    },
    [...PLANTED],
  );
  await sleeper.untilImageIsMade();
  const kept = await everyByte(sleeper.backstage);
  const [{ bytes } = { bytes: 0 }] = await sleeper.images();
  expect(bytes).toBeGreaterThan(1_000_000);
  expect(kept.length).toBeGreaterThan(bytes);
  expect(findCanaries(CANARIES, kept)).toEqual([]);

  // The control: what is kept of an input where the app asks for it is found, and so is what is in an image.
  expect(findCanaries(CANARIES, Buffer.from(captured))).not.toEqual([]);
  await sleeper.backstage.evaluate(
    (planted) =>
      device.changePages((pages) => {
        pages.set(new Uint8Array(Float32Array.from(planted).buffer), 1_000_000);
        return pages;
      }),
    [...PLANTED],
  );
  expect(findCanaries(CANARIES, await everyByte(sleeper.backstage))).toHaveLength(CANARIES.length);
  await sleeper.leave();
});

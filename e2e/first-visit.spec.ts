import { readFile, writeFile } from "node:fs/promises";
import type { Browser, BrowserContext } from "@playwright/test";
import { device, expect, loadedAnswers, stored, test, visit } from "./fixtures/shipped.ts";
import type { ShippedSite } from "./fixtures/shipped-site.ts";
import { openBare } from "./fixtures/test.ts";

/** What a device was sent, in order. */
function watch(context: BrowserContext): { readonly path: string; readonly bytes: number }[] {
  const sent: { path: string; bytes: number }[] = [];
  context.on("response", (response) => {
    const { pathname } = new URL(response.url());
    sent.push({ path: pathname, bytes: Number(response.headers()["content-length"] ?? 0) });
  });
  return sent;
}

/** Takes a copy of the site, spoiled, to a device with keys, and expects that it loads as usual. */
async function expectLoad(
  { browser, site }: { browser: Browser; site: ShippedSite },
  spoil: (spoiled: ShippedSite) => Promise<void>,
  expected: { readonly code: string; readonly reason: RegExp },
): Promise<void> {
  const spoiled = await site.copy();
  await spoil(spoiled);
  const { url, stop } = await spoiled.serve();
  try {
    const right = await loadedAnswers(browser, url);
    const { context, page } = await device(browser, url);
    const { start, storage, answers } = await visit(page, {
      publicKeys: await spoiled.keysOf("keys"),
    });
    expect(start).toMatchObject({ step: "none", code: expected.code });
    expect(start.reason).toMatch(expected.reason);
    expect(answers).toEqual(right);
    expect(storage).toEqual({ kind: "persistent" });
    await context.close();
  } finally {
    await stop();
    await spoiled.remove();
  }
}

test("a first visit wakes from the image that ships with the pack, and has all of it afterwards", async ({
  browser,
  site,
}) => {
  const { url, stop } = await site.serve();
  const right = await loadedAnswers(browser, url);
  const { context, page } = await device(browser, url);
  const sent = watch(context);
  const publicKeys = await site.keysOf("keys");
  const first = await visit(page, { publicKeys });
  const before = [...sent];
  expect(first.start).toMatchObject({ step: "run", code: "woken" });
  expect(first.start.reason).toContain("ships with the pack");
  expect(first.answers).toEqual(right);

  // Before the first answer: the wasm that only runs, the image, and neither all of the runtime nor tensors.
  const wasm = before.filter(({ path }) => path.endsWith(".wasm")).map(({ path }) => path);
  expect(wasm).toEqual([expect.stringContaining(".run-")]);
  const { variants, segments, golden } = await site.manifest();
  const [image] = variants[0]?.images ?? [];
  if (variants[0] === undefined || image === undefined) throw new Error("the pack ships no image");
  const bytesOf = (blobs: readonly { bytes: number }[]) =>
    blobs.reduce((sum, { bytes }) => sum + bytes, 0);
  const tested = golden.cases.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
  const most = bytesOf([image.bare, image.difference]) + bytesOf(tested);
  const ofSegments = before.filter(({ path }) => path.includes("/segments/"));
  expect(bytesOf(ofSegments)).toBeLessThanOrEqual(most);
  expect(bytesOf(ofSegments)).toBeGreaterThan(image.bare.bytes + image.difference.bytes - 1);
  expect(segments.length).toBeGreaterThan(1);
  const total = bytesOf(before.filter(({ path }) => /\/models\/|\/selvedge\//.test(path)));
  test.info().annotations.push({ type: "bytes before the first answer", description: `${total}` });

  // Nothing is visible before it is whole, and everything is soon after.
  await expect.poll(() => stored(page), { timeout: 30_000 }).toHaveLength(1);
  const hint = () => page.evaluate(() => localStorage.getItem("selvedge.image lande"));
  await expect.poll(hint, { timeout: 30_000 }).toMatch(/^run /);
  const [pack] = await stored(page);
  expect(pack?.bytes).toBeGreaterThan(bytesOf(variants[0].tensors));
  expect(pack?.imageBytes).toBe(first.start.image?.bytes);

  // Later visits need no registry, wake from what is the device's own now, and answer the same.
  await context.route("**/models/**", (route) => route.abort());
  await openBare(page, { url });
  const second = await visit(page, { publicKeys });
  expect(second.start).toMatchObject({ step: "run", code: "woken", reason: "as asked" });
  expect(second.answers).toEqual(right);

  // And where that image is gone, the model is there to be loaded.
  await page.evaluate(() => localStorage.removeItem("selvedge.image lande"));
  await openBare(page, { url });
  const third = await visit(page, { publicKeys });
  expect(third.start).toMatchObject({ step: "none" });
  expect(third.answers).toEqual(right);
  await context.close();
  await stop();
});

test("without keys nothing of an image is fetched, and with those of others nothing at all", async ({
  browser,
  site,
}) => {
  const { url, stop } = await site.serve();
  const files = await Promise.all([site.fileOf("bare"), site.fileOf("difference")]);
  const unsigned = await device(browser, url);
  const sent = watch(unsigned.context);
  const { start } = await visit(unsigned.page);
  expect(start).toMatchObject({ step: "none", code: "not-known" });
  expect(start.reason).toBe("no image of it is known here");
  const bare = files[0]?.url ?? "";
  expect(sent.filter(({ path }) => path.endsWith(bare))).toEqual([]);
  await unsigned.context.close();

  const foreign = await device(browser, url);
  const asked = watch(foreign.context);
  await expect(visit(foreign.page, { publicKeys: await site.keysOf("others") })).rejects.toThrow(
    /sign/,
  );
  expect(asked.filter(({ path }) => path.includes("/segments/"))).toEqual([]);
  await foreign.context.close();
  await stop();
});

test("a file of an image that is damaged on the host is no obstacle to loading", async ({
  browser,
  site,
}) => {
  const spoil = async (spoiled: ShippedSite) => {
    const { path, at } = await spoiled.fileOf("bare");
    const bytes = await readFile(path);
    bytes[at + 5000] = (bytes[at + 5000] ?? 0) ^ 1;
    await writeFile(path, bytes);
  };
  await expectLoad({ browser, site }, spoil, {
    code: "no-image",
    reason: /are not what the manifest says/,
  });
});

test("an image whose golden answers do not hold answers nothing", async ({ browser, site }) => {
  test.setTimeout(120_000);
  const reason = /does not give its golden answers/;
  await expectLoad({ browser, site }, (spoiled) => spoiled.shipAnothersImage(), {
    code: "failed",
    reason,
  });
});

test("a runtime that traps answers nothing", async ({ browser, site }) => {
  await expectLoad({ browser, site }, (spoiled) => spoiled.hostTraps(), {
    code: "failed",
    reason: /engine|unreachable|wake/,
  });
});

test("a visit that ends with its first answer leaves no half of a pack, and costs the next one nothing twice", async ({
  browser,
  site,
}) => {
  const { url, stop } = await site.serve();
  const publicKeys = await site.keysOf("keys");
  const { context, page } = await device(browser, url);
  const left = await page.evaluate(async (publicKeys) => {
    const selvedge = selvedgeModule.createSelvedge({
      registry: "/models",
      publicKeys,
    });
    const model = await selvedge.load("lande", { backend: "wasm" });
    const data = new Float32Array(620).fill(0.01);
    await model.predict({ ngrams: { type: "float32", data, dims: [1, 620] } });
    const { storage, start } = model.info;
    await model.dispose();
    return { storage, code: start.code, packs: await selvedge.cache.list() };
  }, publicKeys);
  expect(left).toMatchObject({ code: "woken", storage: { kind: "memory" }, packs: [] });

  // There is nothing that could be loaded without the registry, and no one is told otherwise.
  await context.route("**/models/**", (route) => route.abort());
  await openBare(page, { url });
  await expect(visit(page, { publicKeys })).rejects.toThrow(/lande/);
  await context.unroute("**/models/**");

  await openBare(page, { url });
  const sent = watch(context);
  const { start, answers } = await visit(page, { publicKeys });
  const before = [...sent];
  expect(start.code).toBe("woken");
  expect(answers).toEqual(await loadedAnswers(browser, url));
  expect(before.filter(({ path }) => path.includes("/segments/"))).toEqual([]);
  await context.close();
  await stop();
});

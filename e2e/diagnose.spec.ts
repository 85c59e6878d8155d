import type { BrowserContext, Page } from "@playwright/test";
import { CHROMIUM_ARGS } from "./chromium-args.ts";
import { expect, openBare, test } from "./fixtures/test.ts";

const executablePath = process.env["SELVEDGE_CHROMIUM"];

// The software adapter: what is told of a GPU is then more than that there is none.
test.use({
  launchOptions: {
    args: [...CHROMIUM_ARGS, "--enable-unsafe-webgpu"],
    ...(executablePath === undefined ? {} : { executablePath }),
  },
});

/** Diagnoses, after trying to load a model where one is named. */
function diagnose(page: Page, model?: string) {
  return page.evaluate(async (name) => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    if (name !== undefined) await selvedge.load(name, { backend: "wasm" }).catch(() => undefined);
    const diagnosis = await selvedge.diagnose();
    const told = { facts: structuredClone({ ...diagnosis }), json: JSON.stringify(diagnosis) };
    await selvedge.close();
    return { ...told, report: String(diagnosis) };
  }, model);
}

/** Serves what matches with other headers, or another status. */
function spoil(
  context: BrowserContext,
  what: RegExp,
  change: { status?: number; headers?: Record<string, string> },
): Promise<unknown> {
  return context.route(what, async (route) => {
    const response = await route.fetch();
    await route.fulfill({
      response,
      ...change,
      headers: { ...response.headers(), ...change.headers },
    });
  });
}

const faultsIn = ({ facts }: Awaited<ReturnType<typeof diagnose>>): string[] =>
  facts.findings.filter(({ level }) => level === "fault").map(({ message }) => message);

test("a sound page is told as it is, before any model and with one, and nothing is fetched for it", async ({
  bare: page,
}) => {
  const asked: string[] = [];
  page.context().on("request", (request) => {
    const { pathname } = new URL(request.url());
    asked.push(`${request.method()} ${pathname.split("/", 2).join("/")}`);
  });
  const before = await diagnose(page);
  expect(faultsIn(before)).toEqual([]);
  expect(before.facts).toMatchObject({
    engine: { state: "started", canCompileWasm: true, hasGpu: true },
    device: {
      browser: { brand: expect.stringMatching(/Chrom/) },
      gpu: { found: true, isFallback: true, limits: { maxBufferSize: expect.any(Number) } },
    },
    models: [],
  });
  expect(before.facts.assets.files.map(({ state }) => state)).not.toContain("wrong");
  expect(before.facts.findings.map(({ message }) => message).join()).toContain("fallback adapter");
  // Scripts of its own, and headers of the runtimes' files.
  expect(new Set(asked)).toEqual(new Set(["GET /bare", "HEAD /selvedge"]));

  const loaded = await diagnose(page, "lande");
  expect(faultsIn(loaded)).toEqual([]);
  expect(loaded.facts).toMatchObject({
    engine: { state: "serving" },
    store: { kind: "persistent", packs: [{ name: "lande", storage: "persistent" }] },
    models: [{ name: "lande", candidates: [{ backend: "wasm", state: "serving" }] }],
  });
  expect(JSON.parse(loaded.json)).toEqual(loaded.facts);
  expect(loaded.report).toMatch(/^ {4}serving +wasm .*WASM serves first, everywhere/m);
});

test("wasm of the wrong type is named, with the load that failed for it", async ({
  bare: page,
  context,
}) => {
  await spoil(context, /\/selvedge\/.*\.wasm$/, { headers: { "content-type": "text/plain" } });
  const told = await diagnose(page, "lande");
  expect(faultsIn(told)).toEqual([
    expect.stringContaining("served as text/plain, and has to be as application/wasm"),
    expect.stringContaining("lande could not be loaded (assets-missing)"),
  ]);
  expect(told.report).toMatch(/^ {2}wrong +ort-.*\.wasm +it is served as text\/plain/m);
});

test("an assets folder that is not there is one fault", async ({ bare: page, context }) => {
  await spoil(context, /\/selvedge\//, { status: 404 });
  expect(faultsIn(await diagnose(page))).toEqual([
    expect.stringMatching(/and \d+ more below \/selvedge\/: the host answers 404.*selvedge assets/),
  ]);
});

test("a policy that forbids WASM in the engine worker is named", async ({
  bare: page,
  context,
}) => {
  await spoil(context, /engine[^/]*\.js$/, {
    headers: { "content-security-policy": "script-src 'self'" },
  });
  expect(faultsIn(await diagnose(page))).toEqual([
    expect.stringContaining("Add 'wasm-unsafe-eval' to its script-src"),
  ]);
});

test("a worker script that is not there is named", async ({ bare: page, context }) => {
  await spoil(context, /engine[^/]*\.js$/, { status: 404 });
  expect(faultsIn(await diagnose(page))).toEqual([
    expect.stringContaining("The engine worker does not start"),
  ]);
});

test("a diagnosis that is taken back rejects with AbortError, and a closed handle with closed", async ({
  page,
  site,
}) => {
  await openBare(page, site);
  const ends = await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const controller = new AbortController();
    const aborted = selvedge.diagnose({ signal: controller.signal });
    controller.abort();
    const first = await aborted.catch((error) => error.name);
    await selvedge.close();
    return [first, await selvedge.diagnose().catch((error) => error.code)];
  });
  expect(ends).toEqual(["AbortError", "closed"]);
});

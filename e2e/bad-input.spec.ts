import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContext, Page } from "@playwright/test";
import { CHROMIUM_ARGS } from "./chromium-args.ts";
import { expect, test } from "./fixtures/test.ts";
import { REGISTRY } from "./places.ts";

const executablePath = process.env["SELVEDGE_CHROMIUM"];

test.use({
  launchOptions: {
    args: [...CHROMIUM_ARGS, "--host-resolver-rules=MAP insecure.test 127.0.0.1"],
    ...(executablePath === undefined ? {} : { executablePath }),
  },
});

interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Loads a model and tells how that failed; a model that loads is a failure of the test. */
function failureOfLoading(page: Page, name = "lande"): Promise<Failure> {
  return page.evaluate(async (name) => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    try {
      const model = await selvedge.load(name);
      return { code: "loaded", message: model.info.digest };
    } catch (error) {
      if (error instanceof selvedgeModule.SelvedgeError)
        return { code: error.code, message: error.message };
      return { code: "not a SelvedgeError", message: String(error) };
    } finally {
      await selvedge.close();
    }
  }, name);
}

async function answer(context: BrowserContext, path: RegExp, body: string | Buffer, status = 200) {
  await context.route(path, (route) => route.fulfill({ status, body }));
}

const lande = (file: string) => join(REGISTRY, "lande", file);

test("a model that is not there says so", async ({ bare: page }) => {
  const failure = await failureOfLoading(page, "no-such-model");
  expect(failure.code).toBe("not-found");
  expect(failure.message).toContain("/models/no-such-model/channels.json");
});

test("a host that answers web pages for everything is told apart from a registry", async ({
  bare: page,
  context,
}) => {
  await answer(context, /channels\.json/, "<!doctype html><title>Shop</title>");
  const failure = await failureOfLoading(page);
  expect(failure).toEqual({
    code: "channel-invalid",
    message: expect.stringContaining("a web page"),
  });
});

test("a manifest that was swapped under its channel is refused", async ({
  bare: page,
  context,
}) => {
  const manifest = await readFile(lande("1.0.0/manifest.json"), "utf8");
  await answer(context, /manifest\.json/, manifest.replace('"lande"', '"Lande"'));
  expect((await failureOfLoading(page)).code).toBe("integrity");
});

for (const [title, change, expected] of [
  [
    "of a newer format is told apart from a broken one",
    (text: string) => text.replace("selvedge.pack/1", "selvedge.pack/2"),
    { code: "manifest-unsupported", message: expect.stringContaining("Update Selvedge") },
  ],
  [
    "with a missing field is refused by the field's name",
    (text: string) => text.replace('"signature"', '"autograph"'),
    { code: "manifest-invalid", message: expect.stringContaining("signature") },
  ],
] as const)
  test(`a manifest ${title}`, async ({ bare: page, context }) => {
    const manifest = change(await readFile(lande("1.0.0/manifest.json"), "utf8"));
    await answer(context, /manifest\.json/, manifest);
    const failure = await page.evaluate(async () => {
      // Pinned, so that no channel vouches for the manifest's digest.
      const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
      return selvedge.load("lande", { version: "1.0.0" }).then(
        () => ({ code: "loaded", message: "" }),
        (error: unknown) =>
          error instanceof selvedgeModule.SelvedgeError
            ? { code: error.code, message: error.message }
            : { code: "not a SelvedgeError", message: String(error) },
      );
    });
    expect(failure).toEqual(expected);
  });

test("half a segment is an interrupted download, and the next load finishes it", async ({
  bare: page,
  context,
}) => {
  const whole = /segments\/[0-9a-f]+\.bin/;
  await context.route(whole, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    await route.fulfill({ status: 200, body: body.subarray(0, body.length / 2) });
  });
  expect(await failureOfLoading(page, "ocr-rec")).toEqual({
    code: "network",
    message: expect.stringContaining("ended at byte"),
  });
  await context.unroute(whole);
  const ranges: (string | undefined)[] = [];
  context.on("request", (request) => {
    if (request.url().includes("/segments/")) ranges.push(request.headers()["range"]);
  });
  expect((await failureOfLoading(page, "ocr-rec")).code).toBe("loaded");
  expect(ranges.length).toBeGreaterThan(0);
  expect(ranges.every((range) => range?.startsWith("bytes="))).toBe(true);
});

test("wrong bytes are refused, and nothing of them is kept", async ({ bare: page, context }) => {
  const segment = /segments\/[0-9a-f]+\.bin/;
  await context.route(segment, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    body[1000] = (body[1000] ?? 0) ^ 1;
    await route.fulfill({ response, body });
  });
  const failure = await failureOfLoading(page);
  expect(failure.code).toBe("integrity");
  expect(failure.message).toMatch(/bytes \d+–\d+/);
  await context.unroute(segment);
  expect((await failureOfLoading(page)).code).toBe("loaded");
});

test("a failing registry leaves what is stored usable", async ({ bare: page, context }) => {
  expect((await failureOfLoading(page)).code).toBe("loaded");
  await answer(context, /\/models\//, "gone", 500);
  expect((await failureOfLoading(page, "ocr-rec")).code).toBe("response-invalid");
  expect((await failureOfLoading(page)).code).toBe("loaded");
});

test("a damaged record is noticed when it is read, and only it is fetched again", async ({
  bare: page,
  context,
}) => {
  expect((await failureOfLoading(page, "ocr-rec")).code).toBe("loaded");
  await page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open("selvedge");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const transaction = opening.result.transaction("pieces", "readwrite");
          const cursor = transaction.objectStore("pieces").openCursor();
          cursor.onsuccess = () => {
            const bytes = new Uint8Array(cursor.result?.value);
            bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
            cursor.result?.update(bytes.buffer);
          };
          transaction.oncomplete = () => {
            opening.result.close();
            resolve();
          };
          transaction.onerror = () => reject(transaction.error);
        };
      }),
  );
  const fetched: number[] = [];
  context.on("response", async (response) => {
    if (response.url().includes("/segments/"))
      fetched.push(Number(response.headers()["content-length"]));
  });
  expect((await failureOfLoading(page, "ocr-rec")).code).toBe("loaded");
  expect(fetched).toHaveLength(1);
  expect(fetched[0]).toBeLessThanOrEqual(1024 * 1024);
});

test("inputs that do not fit are refused by name", async ({ bare: page }) => {
  const codes = await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load("lande");
    const good = { type: "float32", data: new Float32Array(620), dims: [1, 620] } as const;
    const failures = await Promise.allSettled([
      model.predict({}),
      model.predict({ ngrams: good, extra: good }),
      model.predict({ ngrams: { ...good, type: "int32" } }),
      model.predict({ ngrams: { ...good, data: new Int32Array(620) } }),
      model.predict({ ngrams: { ...good, dims: [620] } }),
      model.predict({ ngrams: { ...good, dims: [1, 619] } }),
      model.predict({ ngrams: { ...good, dims: [2, 620] } }),
    ]);
    const answered = await model.predict({ ngrams: good });
    return [
      ...failures.map((end) =>
        end.status === "rejected" && end.reason instanceof selvedgeModule.SelvedgeError
          ? `${end.reason.code}: ${/ngrams|extra/.exec(end.reason.message)?.[0]}`
          : end.status,
      ),
      Object.keys(answered.outputs).join(),
    ];
  });
  expect(codes).toEqual([
    "input-missing: ngrams",
    "input-unknown: extra",
    "input-type: ngrams",
    "input-type: ngrams",
    "input-shape: ngrams",
    "input-shape: ngrams",
    "input-shape: ngrams",
    "probabilities",
  ]);
});

test("runtime files that are missing say which command writes them", async ({
  bare: page,
  context,
}) => {
  await answer(context, /\/selvedge\//, "not here", 404);
  expect(await failureOfLoading(page)).toEqual({
    code: "assets-missing",
    message: expect.stringContaining("selvedge assets"),
  });
});

test("a browser that refuses IndexedDB runs from memory, and says so", async ({
  bare: page,
  context,
}) => {
  await context.route(/(keeper|engine)-[\w-]+\.js/, async (route) => {
    const response = await route.fetch();
    const refusal = `Object.defineProperty(self, "indexedDB", { value: { open() {
      throw new DOMException("denied", "SecurityError");
    } } });`;
    await route.fulfill({ response, body: refusal + (await response.text()) });
  });
  const storage = await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load("lande");
    const data = new Float32Array(620).fill(0.01);
    const { outputs } = await model.predict({ ngrams: { type: "float32", data, dims: [1, 620] } });
    const { storage } = model.info;
    await selvedge.close();
    return { ...storage, answered: Object.keys(outputs).length };
  });
  expect(storage).toEqual({
    kind: "memory",
    reason: expect.stringContaining("Private windows"),
    answered: 1,
  });
});

test("a page that is not a secure context says so", async ({ page, site }) => {
  const { port } = new URL(site.url);
  await page.goto(`http://insecure.test:${port}/bare/`);
  await page.locator("body[data-ready]").waitFor({ state: "attached" });
  const failure = await failureOfLoading(page);
  expect(failure.code).toBe("insecure-context");
  expect(failure.message).toContain("https");
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestCollector, type TestCollector } from "../fixtures/test-collector.ts";

const IMMUTABLE = "public, max-age=31536000, immutable";

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector(
    {
      "dashboard/index.html": "the dashboard",
      "dashboard/assets/index-Bx3_9aQ-.js": "1",
      "dashboard/assets/plain.js": "1",
      "dashboard/api/models": "not the answer",
      "dashboard/models/rec/channels.json": "not the registry",
      "demo/index.html": "the demo",
      "demo/pictures/index.html": "pictures",
      "demo/manifest.webmanifest": "{}",
      "demo/worker.mjs": "1",
      "runtime/ort.wasm": "\0asm",
      "runtime/ort.wasm.gz": "packed",
      "runtime/ort-1/runtimes.json": "{}",
      "demo/pictures.js/index.html": "a folder",
      "registry/rec/channels.json": "the registry",
    },
    { "/": "dashboard", "/demo": "demo", "/selvedge/": "runtime" },
  );
});
afterAll(() => collector.remove());

test("serves each folder under its path, the longest that fits", async () => {
  expect((await collector.raw("/")).body).toBe("the dashboard");
  expect((await collector.raw("/?view=rec")).body).toBe("the dashboard");
  expect((await collector.raw("/demo/")).body).toBe("the demo");
  expect((await collector.raw("/demo/pictures/")).body).toBe("pictures");
  expect((await collector.raw("/demonstration")).status).toBe(404);
});

test("sends a folder's address to where its relative links hold, and nowhere else", async () => {
  for (const [from, to] of [
    ["/demo", "/demo/"],
    ["/demo?a=b?c", "/demo/?a=b?c"],
    ["/demo/pictures", "/demo/pictures/"],
    ["//assets", "/assets/"],
  ] as const) {
    const { status, headers } = await collector.raw(from);
    expect([from, status, headers.location]).toEqual([from, 301, to]);
  }
});

test.each([
  ["/demo/worker.mjs", "text/javascript", "no-cache"],
  ["/demo/manifest.webmanifest", "application/manifest+json", "no-cache"],
  ["/selvedge/ort.wasm", "application/wasm", IMMUTABLE],
  ["/selvedge/ort-1/runtimes.json", "application/json", "no-cache"],
  ["/assets/index-Bx3_9aQ-.js", "text/javascript", IMMUTABLE],
  ["/assets/plain.js", "text/javascript", "no-cache"],
  ["/", "text/html", "no-cache"],
])("serves %s as %s, %s", async (path, type, caching) => {
  const { status, headers } = await collector.raw(path);
  expect(status).toBe(200);
  expect(headers["content-type"]).toContain(type);
  expect(headers["cache-control"]).toBe(caching);
  expect(headers.etag).toBeDefined();
});

test.each(["/", "/demo/worker.mjs", "/nothing", "/demo"])(
  "sends its security headers with %s",
  async (path) => {
    const { headers } = await collector.raw(path);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(policy).not.toContain("'unsafe-eval'");
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
    });
  },
);

test("does not let a folder stand in for the collector's own addresses", async () => {
  expect(JSON.parse((await collector.raw("/api/models")).body)).toEqual({ models: [] });
  expect((await collector.raw("/models/rec/channels.json")).body).toBe("the registry");
  expect((await collector.raw("/api/nothing")).headers["content-type"]).toContain("json");
});

test("answers with the packed file beside one where that is understood", async () => {
  const asked = (headers: Record<string, string>) => collector.raw("/selvedge/ort.wasm", headers);
  const packed = await asked({ "accept-encoding": "br, gzip;q=0.5" });
  expect(packed).toMatchObject({
    status: 200,
    body: "packed",
    headers: {
      "content-encoding": "gzip",
      "content-type": "application/wasm",
      "cache-control": IMMUTABLE,
      vary: "accept-encoding",
    },
  });
  for (const headers of [
    {},
    { "accept-encoding": "br" },
    { "accept-encoding": "gzip;q=0" },
    { "accept-encoding": "gzip", range: "bytes=0-" },
  ]) {
    const plain = await asked(headers);
    expect(plain.body).toBe("\0asm");
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(plain.headers.vary).toBe("accept-encoding");
  }
  const without = await collector.raw("/demo/worker.mjs", { "accept-encoding": "gzip" });
  expect(without).toMatchObject({ status: 200, body: "1" });
  const folder = await collector.raw("/demo/pictures.js", { "accept-encoding": "gzip" });
  expect(folder.headers.location).toBe("/demo/pictures.js/");
});

test("keeps to its folder", async () => {
  for (const path of ["/demo/../dashboard/index.html", "/demo/..%2fdashboard%2findex.html"])
    expect((await collector.raw(path)).status).toBe(404);
});

test("refuses a mount whose folder is missing or whose path is none", async () => {
  for (const urlPath of ["/missing/", "demo"])
    await expect(startTestCollector({}, { [urlPath]: "nowhere" })).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining(`mount ${urlPath}`),
    });
});

test("pages have styles and scripts of their own files alone", async () => {
  const policy = String((await collector.raw("/")).headers["content-security-policy"]);
  expect(policy).toContain("style-src 'self';");
  expect(policy).not.toContain("unsafe-inline");
});

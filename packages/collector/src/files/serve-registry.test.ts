import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestCollector, type TestCollector } from "../fixtures/test-collector.ts";

const DIGEST = "ab".repeat(32);
const SEGMENT = `/models/rec/segments/${DIGEST}.bin`;
const IMMUTABLE = "public, max-age=31536000, immutable";

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector({
    [`registry/rec/segments/${DIGEST}.bin`]: "0123456789",
    "registry/rec/1.0.0+build.1/manifest.json": "{}",
    "registry/rec/channels.json": "{}",
    "registry/rec/index.html": "a page",
    "registry/root.json": "{}",
    "registry/root-2.json": "{}",
    "registry/.secret/key": "a key",
    "secret.txt": "a secret",
  });
});
afterAll(() => collector.remove());

test.each([
  ["a segment", SEGMENT, IMMUTABLE, "application/octet-stream"],
  ["a manifest", "/models/rec/1.0.0+build.1/manifest.json", IMMUTABLE, "application/json"],
  ["a channel document", "/models/rec/channels.json", "no-cache", "application/json"],
  ["the root document", "/models/root.json", "no-cache", "application/json"],
  ["a hand-over of the root key", "/models/root-2.json", "no-cache", "application/json"],
])("serves %s with how long it may be kept", async (_, path, caching, type) => {
  const { status, headers } = await collector.raw(path);
  expect([status, headers["cache-control"]]).toEqual([200, caching]);
  expect(headers["content-type"]).toContain(type);
  expect(headers.etag).toBeDefined();
  expect(headers["access-control-allow-origin"]).toBe("*");
  expect(headers["access-control-expose-headers"]).toContain("content-range");
});

test("answers HEAD with what GET would say, without the bytes", async () => {
  const { status, headers, body } = await collector.raw(SEGMENT, {}, "HEAD");
  expect([status, headers["content-length"], body]).toEqual([200, "10", ""]);
});

test("serves ranges", async () => {
  const asked = (range: string) => collector.raw(SEGMENT, { range });
  const middle = await asked("bytes=2-4");
  expect([middle.status, middle.body]).toEqual([206, "234"]);
  expect(middle.headers["content-range"]).toBe("bytes 2-4/10");
  expect((await asked("bytes=-3")).body).toBe("789");
  expect((await asked("bytes=7-")).body).toBe("789");
  const beyond = await asked("bytes=10-");
  expect([beyond.status, beyond.headers["content-range"]]).toEqual([416, "bytes */10"]);
  expect(beyond.headers["cache-control"]).toBe("no-store");
});

test("continues a download only of the same bytes", async () => {
  const asked = (etag: string) =>
    collector.raw(SEGMENT, { range: "bytes=8-", "if-range": `"${etag}"` });
  expect(await asked(DIGEST)).toMatchObject({ status: 206, body: "89" });
  expect(await asked("other")).toMatchObject({ status: 200, body: "0123456789" });
});

test("says that nothing changed to who has it", async () => {
  for (const path of [SEGMENT, "/models/rec/channels.json"]) {
    const { etag } = (await collector.raw(path)).headers;
    const { status } = await collector.raw(path, { "if-none-match": String(etag) });
    expect(status).toBe(304);
  }
});

test("finds what was published while it serves, and what changed", async () => {
  const path = "/models/rec/late.json";
  expect((await collector.raw(path)).status).toBe(404);
  for (const text of ["first", "second, longer"]) {
    await writeFile(join(collector.folder, "registry/rec/late.json"), text);
    expect((await collector.raw(path)).body).toBe(text);
  }
});

test.each([
  ["what is missing", "/models/rec/nothing.json"],
  ["a folder", "/models/rec/"],
  ["a folder without its slash", "/models/rec"],
  ["the registry itself", "/models/"],
  ["what lies above it", "/models/../secret.txt"],
  ["what lies above it, encoded", "/models/%2e%2e%2fsecret.txt"],
  ["what lies above it, encoded twice", "/models/%252e%252e%252fsecret.txt"],
  ["what lies above it, with backslashes", "/models/..%5csecret.txt"],
  ["what lies above it, from within", "/models/rec/../../secret.txt"],
  ["an absolute path", "/models//etc/passwd"],
  ["what is hidden", "/models/.secret/key"],
])("answers %s with 404, and no page", async (_, path) => {
  const { status, headers, body } = await collector.raw(path);
  expect(status).toBe(404);
  expect(headers["content-type"]).not.toContain("html");
  expect(headers["cache-control"]).not.toContain("max-age");
  expect(body).not.toContain("secret");
});

test("answers a malformed path with 400", async () => {
  expect((await collector.raw("/models/%zz")).status).toBe(400);
  expect((await collector.raw("/models/rec%00")).status).toBe(400);
});

test("cannot be written", async () => {
  for (const method of ["PUT", "POST", "DELETE"])
    expect(await collector.raw(SEGMENT, {}, method)).toMatchObject({
      status: 405,
      headers: { allow: "GET, HEAD" },
    });
});

test("lets pages of any origin ask for ranges", async () => {
  const { status, headers } = await collector.raw(SEGMENT, {}, "OPTIONS");
  expect(status).toBe(204);
  expect(headers["access-control-allow-headers"]).toContain("range");
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Host } from "./host.mjs";

const FAST = { bitsPerSecond: Number.POSITIVE_INFINITY, latencyMs: 0 };
const MODEL = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => i % 251));

let folder;
let host;
let url;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvedge-bench-host-"));
  await writeFile(join(folder, "model.onnx"), MODEL);
  await writeFile(join(folder, "page.html"), "<p>hello</p>".repeat(1000));
  host = new Host({ "/": folder });
  url = await host.start();
});

afterEach(async () => {
  await host.stop();
  await rm(folder, { recursive: true });
});

const bytesOf = async (response) => Buffer.from(await response.arrayBuffer());

test("a file arrives as it is, and its bytes are counted", async () => {
  host.become({ ...FAST, caching: "strong" });
  const response = await fetch(`${url}/model.onnx`);
  expect((await bytesOf(response)).equals(MODEL)).toBe(true);
  expect(response.headers.get("cache-control")).toMatch(/immutable/);
  expect(host.bytesOf(/\.onnx$/)).toBe(MODEL.length);
  host.forget();
  expect(host.bytesOf(/./)).toBe(0);
});

test("a range is a part of a model, and all of what is compressed", async () => {
  host.become({ ...FAST, caching: "strong" });
  const headers = { range: "bytes=1000-1999" };
  const part = await fetch(`${url}/model.onnx`, { headers });
  expect(part.status).toBe(206);
  expect((await bytesOf(part)).equals(MODEL.subarray(1000, 2000))).toBe(true);
  const page = await fetch(`${url}/page.html`, { headers });
  expect(page.status).toBe(200);
  expect(await page.text()).toHaveLength(12_000);
  expect(host.bytesOf(/page/)).toBeLessThan(200);
});

test("a strong host says when nothing changed, a weak one has no way to", async () => {
  host.become({ ...FAST, caching: "strong" });
  const etag = (await fetch(`${url}/model.onnx`)).headers.get("etag");
  const headers = { "if-none-match": etag };
  expect((await fetch(`${url}/model.onnx`, { headers })).status).toBe(304);
  host.become({ ...FAST, caching: "weak" });
  const weak = await fetch(`${url}/model.onnx`, { headers });
  expect([weak.status, weak.headers.get("etag")]).toEqual([200, null]);
  expect(weak.headers.get("cache-control")).toBe("no-store");
});

test("a cut resets what is under way at the byte, and stays until it is ended", async () => {
  host.become({ ...FAST, caching: "weak" });
  host.cutAfter(/\.onnx$/, 100_000, { staysDown: true });
  await expect(fetch(`${url}/model.onnx`).then(bytesOf)).rejects.toThrow();
  expect(host.bytesOf(/\.onnx$/)).toBeGreaterThanOrEqual(100_000);
  expect(host.bytesOf(/\.onnx$/)).toBeLessThan(110_000);
  await expect(fetch(`${url}/page.html`)).rejects.toThrow();
  host.restore();
  expect((await bytesOf(await fetch(`${url}/model.onnx`))).equals(MODEL)).toBe(true);
});

test("what is not there, or lies outside, is a 404", async () => {
  for (const path of ["none.onnx", "..%2F..%2Fetc/passwd"])
    expect((await fetch(`${url}/${path}`)).status).toBe(404);
});

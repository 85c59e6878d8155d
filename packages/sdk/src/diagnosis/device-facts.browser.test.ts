import { afterEach, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { collectDeviceFacts } from "./device-facts.ts";

afterEach(() => vi.restoreAllMocks());

test("what Chromium is and has is told as it is", async () => {
  const facts = await collectDeviceFacts();
  expect(facts).toMatchObject({
    browser: { brand: expect.stringMatching(/Chrom/), version: expect.stringMatching(/^\d+$/) },
    cores: navigator.hardwareConcurrency,
    isIsolated: crossOriginIsolated,
    isSecureContext: true,
    hasJspi: "Suspending" in WebAssembly,
    hasWasmSimd: true,
    hasRelaxedSimd: true,
    canCompileWasm: true,
    gpu: { found: false, reason: "the browser offers no GPU adapter" },
    storage: { hasIndexedDb: true, isPersisted: false, quota: expect.any(Number) },
    saveData: false,
  });
  expect(facts.deviceMemoryBytes).toBeGreaterThan(2 ** 28);
  expect(facts.browser.isMobile).toBe(false);
});

test("facts survive JSON as they are", async () => {
  const facts = await collectDeviceFacts();
  expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
});

test("an IndexedDB that opens nothing is none, and one that does keeps nothing of the question", async () => {
  await collectDeviceFacts();
  await eventually(async () => {
    const kept = await indexedDB.databases();
    expect(kept.map(({ name }) => name)).not.toContain("selvedge-probe");
  });
  vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
    throw new DOMException("private window", "InvalidStateError");
  });
  expect((await collectDeviceFacts()).storage.hasIndexedDb).toBe(false);
});

test("a browser that refuses everything it is asked leaves gaps, and no error", async () => {
  vi.spyOn(globalThis, "indexedDB", "get").mockImplementation(() => {
    throw new DOMException("sandboxed", "SecurityError");
  });
  vi.spyOn(navigator.storage, "estimate").mockRejectedValue(new TypeError("no"));
  vi.spyOn(navigator.storage, "persisted").mockRejectedValue(new TypeError("no"));
  const facts = await collectDeviceFacts();
  expect(facts.storage).toEqual({ hasIndexedDb: false });
});

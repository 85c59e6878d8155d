import { expect, test } from "vitest";
import { OCR_REC, SOUND } from "./facts.fixture.ts";
import { reportOf } from "./report.ts";

test("a report says what the device is, what serves, and what was turned down and why", () => {
  const report = reportOf(SOUND, []);
  expect(report).toMatch(/^Selvedge 0\.1\.0 on this device, 2026-11-22T08:00:00\.000Z\n/);
  for (const line of [
    "Findings\n  nothing\n",
    "  browser  Chromium 156 on Linux\n",
    "  memory   about 8 GiB\n",
    "  WASM     SIMD, relaxed SIMD, JSPI, one thread\n",
    "  GPU      acme loom\n           buffers 4 GiB, bindings 2 GiB\n           shader-f16, no subgroups\n",
    "  storage  IndexedDB, persisted, 12.0 MB of 5.0 GB taken\n",
    "  served  ort-1.30.0-1/ort.wasm.min.mjs\n",
    "  memory         40.0 MB, held to 2.0 GB\n                 wasm build: 2 models, 40.0 MB\n",
    "    memory     25.0 MB, in one worker with 1 more\n",
    "  persistent, 1 pack, 2.9 MB\n",
    "  ocr-rec@1.2.0  2.9 MB  0123456789ab  persistent, in use\n",
    "  ocr-rec@1.2.0 q8 0123456789ab\n",
    "    loaded     spawn 40, resolve 0, fetch 0, compile 81, import 12, read 20, create 55, total 160 ms\n",
    "    engine     loaded, no image of it is known here\n",
    "    serving   wasm q8                   12.3 ms  WASM serves first, everywhere\n",
    "    rejected  webgpu fp16 in jspi NCHW           output y[3] is 0\n",
    "    remembered 2026-11-21  failed  webgpu jspi NCHW fp16    output y[3] is NaN\n",
  ])
    expect(report).toContain(line);
});

test("a report says what an engine was woken from, and what a fitted runtime lacked", () => {
  const image = {
    place: "opfs" as const,
    key: "ab".repeat(32),
    bytes: 12_000_000,
    readMs: 11,
    restoreMs: 3,
  };
  const woken = { step: "full", code: "woken", reason: "it trapped", image } as const;
  const start = { ...woken, trap: { step: "run", dims: { x: [2, 3, 48, 320] } } } as const;
  const timings = { ...OCR_REC.timings, wakeMs: 14 };
  const report = reportOf({ ...SOUND, models: [{ ...OCR_REC, start, timings }] }, []);
  expect(report).toContain("woken from 12.0 MB in the full wasm, it trapped");
  expect(report).toContain("a fitted runtime lacked what x 2x3x48x320 needs");
  expect(report).toContain("create 55, wake 14, total 160 ms");
});

test("a report says why there is no image to wake", () => {
  const loaded = {
    step: "none",
    code: "not-known",
    reason: "no image of it is known here",
  } as const;
  const start = { ...loaded, noImage: "this site has no more room" };
  const report = reportOf({ ...SOUND, models: [{ ...OCR_REC, start }] }, []);
  expect(report).toContain(
    "loaded, no image of it is known here, no image: this site has no more room",
  );
});

test("findings stand at the top, each with how bad it is", () => {
  const findings = [
    { level: "fault", message: "The page is not a secure context." },
    { level: "hint", message: "One thread." },
  ] as const;
  expect(reportOf(SOUND, findings)).toContain(
    "Findings\n  fault  The page is not a secure context.\n  hint   One thread.\n",
  );
});

test("a device that tells nothing of itself has a report too", () => {
  const report = reportOf(
    {
      ...SOUND,
      device: {
        ...SOUND.device,
        browser: { brand: "unknown", version: "", platform: "unknown", isMobile: true },
        hasJspi: false,
        isIsolated: false,
        gpu: { found: false, reason: "this browser has no WebGPU" },
        storage: { hasIndexedDb: false },
      },
      store: { kind: "unavailable", reason: "refused", packs: [], bytes: 0 },
      engine: { state: "failed", reason: "no such script" },
      models: [],
    },
    [],
  );
  for (const line of [
    "  GPU      none: this browser has no WebGPU\n",
    "  WASM     SIMD, relaxed SIMD, one thread\n",
    "  storage  no IndexedDB\n",
    "  unavailable, 0 packs, 0 B, refused\n",
    "  does not start  no such script\n",
    "Models\n  none loaded\n",
  ])
    expect(report).toContain(line);
});

test("what a registry or a driver calls itself cannot add lines of its own", () => {
  const forged = { ...OCR_REC, version: "1\nFindings\n  nothing", name: "\u001b[31mred" };
  const report = reportOf({ ...SOUND, models: [forged] }, []);
  expect(report.match(/^Findings$/gm)).toHaveLength(1);
  expect(report).not.toContain("\u001b");
});

import { expect, test } from "vitest";
import type { DiagnosisFacts } from "./diagnosis-facts.ts";
import { OCR_REC, SOUND } from "./facts.fixture.ts";
import { findFaults } from "./find-faults.ts";

const device = (changed: Partial<DiagnosisFacts["device"]>): DiagnosisFacts => ({
  ...SOUND,
  device: { ...SOUND.device, ...changed },
});

const assets = (...files: DiagnosisFacts["assets"]["files"]): DiagnosisFacts => ({
  ...SOUND,
  assets: { address: "/selvedge/", files },
});

const WASM = "ort-1.30.0-1/ort-wasm-simd-threaded.wasm";

test("where nothing is wrong nothing is found", () => {
  expect(findFaults(SOUND)).toEqual([]);
});

const cases: readonly (readonly [
  what: string,
  facts: DiagnosisFacts,
  level: string,
  message: RegExp,
])[] = [
  ["an insecure page", device({ isSecureContext: false }), "fault", /over https/],
  ["no SIMD", device({ hasWasmSimd: false }), "fault", /no SIMD/],
  ["saved data", device({ saveData: true }), "hint", /updates wait/],
  [
    "no GPU",
    device({ gpu: { found: false, reason: "this browser has no WebGPU" } }),
    "hint",
    /WASM alone: this browser has no WebGPU\.$/,
  ],
  [
    "storage that is nearly full",
    device({ storage: { hasIndexedDb: true, usage: 95, quota: 100 } }),
    "hint",
    /nearly full/,
  ],
  ["no IndexedDB", device({ storage: { hasIndexedDb: false } }), "fault", /allow site data/],
  [
    "an engine that does not start",
    { ...SOUND, engine: { state: "failed", reason: "It could not be started." } },
    "fault",
    /worker-src/,
  ],
  [
    "a policy without wasm-unsafe-eval",
    { ...SOUND, engine: { state: "started", canCompileWasm: false, hasGpu: true } },
    "fault",
    /Add 'wasm-unsafe-eval' to its script-src/,
  ],
  [
    "WebGPU that workers lack",
    { ...SOUND, engine: { state: "started", canCompileWasm: true, hasGpu: false } },
    "hint",
    /not in workers/,
  ],
  [
    "wasm of the wrong type",
    assets({
      file: WASM,
      neededFor: ["wasm"],
      state: "wrong",
      reason: "it is served as text/plain, and has to be as application/wasm",
    }),
    "fault",
    /^ort-wasm-simd-threaded\.wasm below \/selvedge\/: it is served as text\/plain/,
  ],
  [
    "a missing file that only the GPU needs",
    assets({
      file: "x/y.wasm",
      neededFor: ["webgpu"],
      state: "wrong",
      reason: "the host answers 404",
    }),
    "hint",
    /webgpu cannot start without that.*selvedge assets --out DIR/,
  ],
  [
    "a load that failed",
    {
      ...SOUND,
      failures: [{ model: "ocr-det", code: "network", message: "No route.", at: SOUND.at }],
    },
    "fault",
    /^ocr-det could not be loaded \(network\): No route\.$/,
  ],
  [
    "a budget that is too small",
    { ...SOUND, memory: { ...SOUND.memory, budgetBytes: 1000 } },
    "hint",
    /memory\.budgetBytes/,
  ],
  [
    "a model in memory",
    { ...SOUND, store: { ...SOUND.store, kind: "memory", reason: "The quota is used up." } },
    "hint",
    /goes with the page: The quota is used up\./,
  ],
];

test.each(cases)("%s is said, with what to do", (_what, facts, level, message) => {
  expect(findFaults(facts)).toEqual([{ level, message: expect.stringMatching(message) }]);
});

test("an empty assets folder is one finding, not one for each file", () => {
  const files = ["a", "b", "c", "d", "e"].map((name) => ({
    file: `ort/${name}.mjs`,
    neededFor: name === "e" ? ["wasm", "webgpu"] : ["webgpu"],
    state: "wrong" as const,
    reason: "the host answers 404",
  }));
  expect(findFaults(assets(...files))).toEqual([
    { level: "fault", message: expect.stringMatching(/^a\.mjs, b\.mjs, c\.mjs and 2 more below/) },
  ]);
});

test("a host that cannot be asked is no fault where the device is offline", () => {
  const file = {
    file: WASM,
    neededFor: ["wasm"],
    state: "unreachable" as const,
    reason: "the host could not be asked (no)",
  };
  const offline = { ...assets(file), device: { ...SOUND.device, isOnline: false } };
  expect(findFaults(offline)).toMatchObject([{ level: "hint" }]);
  expect(findFaults(assets(file))).toMatchObject([{ level: "fault" }]);
});

test("models that fail for one reason are one finding", () => {
  const failure = { model: "ocr-det", code: "network", message: "No route.", at: SOUND.at };
  const failures = [failure, { ...failure, model: "lande" }];
  expect(findFaults({ ...SOUND, failures })).toEqual([
    { level: "fault", message: "ocr-det, lande could not be loaded (network): No route." },
  ]);
});

test("a page that is not isolated is told nothing of it: every build runs on one thread", () => {
  expect(findFaults(device({ isIsolated: false }))).toEqual([]);
});

test("faults come before hints, and only the latest failure of a model is told", () => {
  const failure = { model: OCR_REC.name, code: "network", message: "First.", at: SOUND.at };
  const found = findFaults({
    ...device({ saveData: true }),
    failures: [failure, { ...failure, message: "Second." }],
  });
  expect(found.map(({ level }) => level)).toEqual(["fault", "hint"]);
  expect(found[0]?.message).toContain("Second.");
});

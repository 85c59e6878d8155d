import { describe, expect, test } from "vitest";
import type { VariantSummary } from "../worker/engine-api.ts";
import { type Candidates, listCandidates, type PlaceFacts, type Wanted } from "./candidates.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const GPU = {
  found: true,
  isFallback: false,
  description: "acme loom",
  vendor: "acme",
  architecture: "loom",
  device: "",
  features: [],
  limits: { maxBufferSize: 256 * MIB, maxStorageBufferBindingSize: 128 * MIB },
} as const;

const LAPTOP: PlaceFacts = { gpu: GPU, hasJspi: true, deviceMemoryBytes: 8 * GIB };
const WITH_F16: PlaceFacts = { ...LAPTOP, gpu: { ...GPU, features: ["shader-f16"] } };
const WITHOUT_JSPI: PlaceFacts = { ...LAPTOP, hasJspi: false };
const PHONE: PlaceFacts = { ...LAPTOP, deviceMemoryBytes: 2 * GIB };
const SOFTWARE: PlaceFacts = { ...LAPTOP, gpu: { ...GPU, isFallback: true } };
const NO_GPU: PlaceFacts = { hasJspi: true, gpu: { found: false, reason: "no GPU adapter" } };

function variant(
  dtype: VariantSummary["dtype"],
  backends: readonly string[],
  more: Partial<VariantSummary> = {},
): VariantSummary {
  const sizes = { memoryBytes: 40 * MIB, bytes: 10 * MIB, largestTensorBytes: 4 * MIB };
  return { dtype, backends, requires: [], engine: "onnx", ...sizes, ...more };
}

const EVERYWHERE = [variant("fp32", ["wasm", "webgpu"])];
/** As a packer writes them: what needs more comes first, and WASM has a precision of its own. */
const MIXED = [
  variant("fp16", ["webgpu"], { requires: ["shader-f16"] }),
  variant("q8", ["wasm"]),
  variant("fp32", ["wasm", "webgpu"]),
];

const list = (
  variants: readonly VariantSummary[],
  facts: PlaceFacts,
  wanted: Partial<Wanted> = {},
): Candidates => listCandidates(variants, { dtype: "auto", backend: "auto", ...wanted }, facts);

/** Rungs as short as they can be told. */
const told = ({ rungs }: Candidates) =>
  rungs.map(({ place: { build, layout }, dtype }) => [dtype, build, layout ?? ""].join(" ").trim());
const reasons = ({ rejected }: Candidates) =>
  rejected.map(({ place: { backend }, dtype, reason }) => `${dtype} on ${backend}: ${reason}`);

describe("the order of what is worth trying", () => {
  test("is WASM, then WebGPU: its layouts, each in the leaner build before its stand-in", () => {
    expect(told(list(EVERYWHERE, LAPTOP))).toEqual([
      "fp32 wasm",
      "fp32 jspi NHWC",
      "fp32 webgpu NHWC",
      "fp32 jspi NCHW",
      "fp32 webgpu NCHW",
    ]);
  });

  test("without JSPI there is the other build only, and it stands in for none", () => {
    const { rungs } = list(EVERYWHERE, WITHOUT_JSPI);
    expect(rungs.map(({ place, standsInFor }) => [place.build, standsInFor])).toEqual([
      ["wasm", undefined],
      ["webgpu", undefined],
      ["webgpu", undefined],
    ]);
  });

  test("on WebGPU is the pack's own order of precisions, whatever WASM serves", () => {
    expect(told(list(MIXED, { ...WITH_F16, hasJspi: false }))).toEqual([
      "q8 wasm",
      "fp16 webgpu NHWC",
      "fp16 webgpu NCHW",
      "fp32 webgpu NHWC",
      "fp32 webgpu NCHW",
    ]);
  });

  test.each([
    ["webgpu", ["fp32 webgpu NHWC", "fp32 webgpu NCHW"]],
    ["wasm", ["fp32 wasm"]],
    [
      ["webgpu", "wasm", "webgpu"],
      ["fp32 webgpu NHWC", "fp32 webgpu NCHW", "fp32 wasm"],
    ],
  ] as const)("is that of the backends that were asked for: %j", (backend, order) => {
    expect(told(list(EVERYWHERE, WITHOUT_JSPI, { backend }))).toEqual(order);
  });

  test("leaves out precisions that were not asked for", () => {
    expect(told(list(MIXED, { ...WITH_F16, hasJspi: false }, { dtype: "fp32" }))).toEqual([
      "fp32 wasm",
      "fp32 webgpu NHWC",
      "fp32 webgpu NCHW",
    ]);
  });

  test("a place has what the GPU has, and WASM has none of it", () => {
    const { rungs } = list(MIXED, WITH_F16);
    const features = rungs.map(({ place }) => [place.backend, place.features]);
    expect(features[0]).toEqual(["wasm", []]);
    expect(features.slice(1).every(([, has]) => has?.includes("shader-f16"))).toBe(true);
  });
});

describe("a rejection", () => {
  const HUGE = [variant("fp32", ["wasm", "webgpu"], { largestTensorBytes: 129 * MIB })];
  const HEAVY = [variant("fp32", ["wasm", "webgpu"], { memoryBytes: 3 * GIB })];
  const OVER = [variant("fp32", ["wasm", "webgpu"], { memoryBytes: 5 * GIB })];
  const TFJS = [variant("fp32", ["wasm", "webgpu"], { engine: "tfjs" })];
  const FOREIGN = [variant("fp32", ["wasm"], { engine: "tvm" })];

  test.each([
    ["no GPU", EVERYWHERE, NO_GPU, ["fp32 on webgpu: no GPU adapter"]],
    ["software", EVERYWHERE, SOFTWARE, ["fp32 on webgpu: acme loom is a fallback adapter"]],
    [
      "a feature that lacks",
      MIXED,
      LAPTOP,
      [
        "fp16 on wasm: the pack allows fp16 on webgpu only",
        "fp16 on webgpu: fp16 requires shader-f16",
        "the pack allows q8 on wasm only",
      ],
    ],
    ["a tensor too large", HUGE, LAPTOP, [`the largest tensor of fp32 has ${129 * MIB} bytes`]],
    ["little memory", HEAVY, PHONE, [`of which this device has ${2 * GIB}`]],
    ["more than WASM addresses", OVER, LAPTOP, ["of which WASM can address"]],
    ["a pack for WASM", [variant("q8", ["wasm"])], LAPTOP, ["the pack allows q8 on wasm only"]],
    ["TensorFlow.js", TFJS, LAPTOP, ["TensorFlow.js does not run on WebGPU"]],
    [
      "an engine there is not",
      FOREIGN,
      LAPTOP,
      ['needs the engine "tvm"', "the pack allows fp32 on wasm only"],
    ],
  ] as const)("says why: %s", (_, variants, facts, expected) => {
    const found = reasons(list(variants, facts));
    expect(found).toEqual(expected.map((part) => expect.stringContaining(part)));
  });

  test("of a device is told once, and of a pack for each of its precisions", () => {
    expect(list([...EVERYWHERE, variant("fp16", ["webgpu"])], NO_GPU).rejected).toHaveLength(1);
    expect(reasons(list([variant("q8", ["wasm"]), variant("q4", ["wasm"])], LAPTOP))).toHaveLength(
      2,
    );
  });

  test("names no layout, as it is of all of them, and the build that would have come first", () => {
    expect(list(EVERYWHERE, NO_GPU).rejected[0]?.place).toEqual({
      backend: "webgpu",
      build: "jspi",
      features: [],
    });
  });

  test("of a precision that is not packed says so wherever it was asked for", () => {
    expect(list(EVERYWHERE, LAPTOP, { dtype: "q4" })).toMatchObject({
      rungs: [],
      rejected: [
        { place: { backend: "wasm" }, reason: "the pack has no q4" },
        { place: { backend: "webgpu" }, reason: "the pack has no q4" },
      ],
    });
  });
});

test("a fallback adapter is tried where WebGPU is asked for by name", () => {
  expect(told(list(EVERYWHERE, { ...SOFTWARE, hasJspi: false }, { backend: "webgpu" }))).toEqual([
    "fp32 webgpu NHWC",
    "fp32 webgpu NCHW",
  ]);
});

test("a browser that says nothing of its memory, or the most that is told, is taken to have enough", () => {
  const heavy = [variant("fp32", ["webgpu"], { memoryBytes: 12 * GIB })];
  const { deviceMemoryBytes: _, ...silent } = LAPTOP;
  for (const facts of [LAPTOP, silent])
    expect(told(list(heavy, facts, { backend: "webgpu" }))).toHaveLength(4);
});

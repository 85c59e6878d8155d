import { type Manifest, type RuntimeIndex, sha256 } from "@selvedge/protocol";
import { type Remote, wrap } from "comlink";
import { vi } from "vitest";
import { install } from "../../delivery/install.ts";
import { FakeRegistry, select } from "../../delivery/registry.fixture.ts";
import { roomsOf } from "../../delivery/rooms.fixture.ts";
import type { Database, KeptImage } from "../../store/database.ts";
import { type BuiltPack, buildPack } from "../../store/pack.fixture.ts";
import type { EngineApi, RuntimeRequest, SessionHow } from "../../worker/engine-api.ts";
import { unwrap } from "../../worker/outcome.ts";
import { allImages } from "./image-store.ts";
import { indexedDbPages } from "./indexeddb-pages.ts";
import { indexUrl } from "./known-index.ts";
import { tinyAnswer, tinyInput, tinyModel } from "./onnx-model.fixture.ts";

/** A pack of a model that onnxruntime really runs, with one golden answer. */
export async function tinyPack(seed = 1): Promise<BuiltPack> {
  const input = tinyInput(seed);
  const bytesOf = ({ buffer }: Float32Array<ArrayBuffer>) => new Uint8Array(buffer);
  const built = await buildPack({
    graph: tinyModel(seed),
    tensors: [],
    golden: [bytesOf(input), bytesOf(Float32Array.from(tinyAnswer(input, seed)))],
  });
  const { golden } = built.manifest;
  const asFloats = <T extends { readonly bytes: number }>(ref: T) => ({
    ...ref,
    dtype: "float32" as const,
    dims: [1, ref.bytes / 4],
  });
  const manifest: Manifest = {
    ...built.manifest,
    signature: {
      inputs: [{ name: "x", dtype: "float32", dims: [-1, 16] }],
      outputs: [{ name: "y", dtype: "float32", dims: [-1, 8] }],
    },
    golden: {
      tolerance: { wasm: { absolute: 1e-5, relative: 1e-4 } },
      cases: golden.cases.map(({ inputs, outputs }) => ({
        inputs: inputs.map(asFloats),
        outputs: outputs.map(asFloats),
      })),
    },
  };
  const text = JSON.stringify(manifest);
  const digest = await sha256(new TextEncoder().encode(text));
  return { ...built, manifest, text, digest };
}

/** Puts a pack into the store, as the answer for the selector that tests use. */
export async function installPack(database: Database, pack: BuiltPack): Promise<void> {
  vi.stubGlobal("fetch", new FakeRegistry([pack]).fetch);
  const { signal } = new AbortController();
  await install(roomsOf(database), select(), { signal, onProgress: () => undefined });
  vi.unstubAllGlobals();
}

/** What a host has: see `hostRuntime`. */
export type HostKind = "whole" | "fitted" | "trapping" | "mixed-up" | "as-shipped";

/** An engine worker, started as a page does. */
export interface TestEngine {
  readonly api: Remote<EngineApi>;
  readonly started: Promise<Awaited<ReturnType<Remote<EngineApi>["start"]>>>;
  open(how?: Partial<SessionHow>): ReturnType<Remote<EngineApi>["open"]>;
  /** What `y` is, for inputs from a seed on: `rows` of them. */
  answer(seed: number, rows?: number): Promise<Float32Array>;
  end(): void;
}

/** What Vitest makes of imports, which in a worker of our own has nothing to be made with. */
const IMPORTS = "globalThis.__vitest_browser_runner__ = { wrapDynamicImport: (run) => run() }";

/**
 * @param prelude a script that runs in the worker before the engine does
 * @param before what is done with the worker before anything is asked of it
 */
export function startEngine(
  kind: HostKind,
  request: Partial<RuntimeRequest> = {},
  prelude = "",
  before?: (worker: Worker, assets: string) => Promise<void>,
): TestEngine {
  const entry = new URL("../../worker/engine.ts", import.meta.url).href;
  const script = `${IMPORTS}; ${prelude}; const held = []; const hold = (event) => held.push(event); addEventListener("message", hold); await import(${JSON.stringify(entry)}); removeEventListener("message", hold); for (const { data, ports } of held) dispatchEvent(new MessageEvent("message", { data, ports }));`;
  const blob = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const worker =
    prelude === ""
      ? new Worker(new URL("../../worker/engine.ts", import.meta.url), { type: "module" })
      : new Worker(blob, { type: "module" });
  const api = wrap<EngineApi>(worker);
  const assets = `${location.origin}/runtimes/${kind}/`;
  const start = async () => {
    await before?.(worker, assets);
    return await api.start({ assets, build: "wasm", engine: "onnx", ...request });
  };
  const started = start();
  return {
    api,
    started,
    open: (how = {}) =>
      api.open(1, { by: "selector", selector: select() }, { backend: "wasm", ...how }),
    async answer(seed, rows = 1) {
      const data = new Float32Array(rows * 16);
      for (let row = 0; row < rows; row++) data.set(tinyInput(seed + row), row * 16);
      const { outputs } = unwrap(
        await api.run(1, { x: { type: "float32", data, dims: [rows, 16] } }),
      );
      const y = outputs["y"]?.data;
      if (!(y instanceof Float32Array)) throw new Error("the model did not answer with y");
      return y;
    },
    end() {
      worker.terminate();
      URL.revokeObjectURL(blob);
    },
  };
}

/** Writes the installed model down, in a worker of its own. */
export async function hibernateOnce(kind: HostKind) {
  const engine = startEngine(kind, { isForImage: true });
  try {
    unwrap(await engine.open());
    return unwrap(await engine.api.hibernate(1));
  } finally {
    engine.end();
  }
}

/** An image that was made, apart from where it was kept. */
export interface StoredImage {
  readonly record: KeptImage;
  readonly pages: Uint8Array<ArrayBuffer>;
}

/** Takes the one image that there is out of the store, wherever this device reads it faster. */
export async function takeImage(database: Database): Promise<StoredImage> {
  const [record] = await allImages(database);
  if (record?.kind !== "kept") throw new Error("there is no image");
  const pages =
    record.place === "opfs" ? await readFile(record.key) : await readRecords(database, record);
  return { record: { ...record, place: "indexeddb" }, pages };
}

async function readRecords(database: Database, { key, bytes }: KeptImage) {
  const stored = await indexedDbPages(database).open(key, bytes);
  if (stored === undefined) throw new Error("there are no pages");
  const pages = new Uint8Array(bytes);
  let at = 0;
  for (const part of stored.parts()) {
    pages.set(part, at);
    at += part.length;
  }
  return pages;
}

/** Puts an image into IndexedDB, which a page can get at too. */
export async function putImage(database: Database, { record, pages }: StoredImage): Promise<void> {
  const at = indexedDbPages(database);
  await at.drop(record.key);
  await at.write(record.key, pages);
  await database.use("putting an image", (connection) => connection.put("images", record));
}

/** Makes a host's index known, as if it had been read; `change` is what it says otherwise. */
export async function knowIndex(
  database: Database,
  kind: HostKind,
  change: (index: RuntimeIndex) => RuntimeIndex = (index) => index,
  at = Date.now(),
): Promise<void> {
  const url = indexUrl(`${location.origin}/runtimes/${kind}/`);
  const index: RuntimeIndex = await (await fetch(url)).json();
  const text = JSON.stringify(change(index));
  const record = { text, digest: await sha256(new TextEncoder().encode(text)), at };
  await database.use("knowing", (connection) => connection.put("runtimes", record, url));
}

async function readFile(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle("selvedge-images");
  const file = await (await folder.getFileHandle(name)).getFile();
  return new Uint8Array(await file.arrayBuffer());
}

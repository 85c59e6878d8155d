import { select } from "../delivery/registry.fixture.ts";
import { activationKey } from "../store/activations.ts";
import { scriptedWorker } from "../worker/scripted-worker.fixture.ts";

/** What is the matter with a version on this device. */
export type Fault =
  | "answers wrongly"
  | "answers wrongly on webgpu"
  | "does not open"
  | "finds no memory"
  | "hangs";

/** How a place does: its kernels, and how long a run takes in milliseconds. */
interface PlaceDouble {
  readonly fault?:
    | "wrong"
    | "wrong at larger inputs"
    | "throws"
    | "throws once it is timed"
    | "is lost once it is called"
    | "is lost as it is proven"
    | "hangs";
  readonly runMs: number;
}

/** By precision and layout; by `wasm`, where that is not WebGPU. What is not named is right. */
export type Places = Readonly<Record<string, PlaceDouble>>;

/**
 * An engine worker that opens what is really in the store, and answers every call with the number its
 * version begins with.
 */
export function storedEngine(faults: Readonly<Record<string, Fault>>, places: Places = {}): Worker {
  return scriptedWorker(`
    read: (store, key) => new Promise((resolve, reject) => {
      const opening = indexedDB.open("selvedge");
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const reading = opening.result.transaction(store).objectStore(store).get(key);
        reading.onsuccess = () => {
          opening.result.close();
          resolve(reading.result);
        };
      };
    }),
    start() {
      const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      return { ok: true, value: { module, compileMs: 1, importMs: 1, scriptAt: performance.timeOrigin } };
    },
    expect() {},
    async open(_session, request, { backend, layout }) {
      globalThis.backend = backend;
      const fail = (code) => ({ ok: false, error: { name: "SelvedgeError", code, message: code } });
      const active = await api.read("activations", (${JSON.stringify({ wasm: activationKey(select()), webgpu: activationKey(select({ backend: "webgpu" })) })})[backend]);
      const { digest, dtype } = request.by === "digest" ? request : active?.current ?? {};
      if (digest === undefined) return { ok: true };
      const record = await api.read("packs", digest);
      if (record === undefined) return fail("storage-damaged");
      const { name, version, signature, variants, attachments } = JSON.parse(record.manifest);
      globalThis.attachments = attachments;
      const { graph } = variants.find((variant) => variant.dtype === dtype);
      globalThis.place = ${JSON.stringify(places)}[backend === "wasm" ? "wasm" : dtype + " " + layout] ?? {};
      if (await api.read("pieces", [graph.sha256, 0]) === undefined) return fail("storage-damaged");
      globalThis.version = version;
      globalThis.fault = ${JSON.stringify(faults)}[version];
      if (fault === "does not open") return fail("session-failed");
      if (fault === "finds no memory") return fail("out-of-memory");
      if (fault === "hangs") return new Promise(() => {});
      const costs = { bytes: 1, readMs: 1, createMs: 1, signedBy: {} };
      return { ok: true, value: { digest, name, version, dtype, engine: "onnx", signature, variants: variants.map((variant) => ({ ...variant, bytes: 1, largestTensorBytes: 1 })), ...costs } };
    },
    async requireWhole() {
      const pieces = await Promise.all(attachments.map(({ sha256 }) => api.read("pieces", [sha256, 0])));
      const error = { name: "SelvedgeError", code: "storage-damaged", message: "pieces are missing" };
      return pieces.includes(undefined) ? { ok: false, error } : { ok: true };
    },
    rehearse: () => ({ ok: true, value: [] }),
    close: () => ({ ok: true }),
    run: () => {
      if (place.fault === "is lost once it is called")
        return { ok: false, error: { name: "SelvedgeError", code: "device-lost", message: "the GPU is gone" } };
      return api.answer();
    },
    answer: () => {
      const y = { type: "float32", data: Float32Array.of(parseInt(version)), dims: [1] };
      return { ok: true, value: { outputs: { y }, runMs: 1 } };
    },
    runAt: () => api.answer(),
    proveAt: () =>
      place.fault === "wrong at larger inputs"
        ? { ok: true, value: { holds: false, finding: "NaN" } }
        : api.prove(),
    timeAt: () =>
      place.fault === "throws once it is timed"
        ? { ok: false, error: { name: "SelvedgeError", code: "run-failed", message: "no kernel" } }
        : { ok: true, value: place.runMs ?? (backend === "wasm" ? 9 : 3) },
    prove: () => {
      if (place.fault === "hangs") return new Promise(() => {});
      if (place.fault === "throws")
        return { ok: false, error: { name: "SelvedgeError", code: "run-failed", message: "no kernel" } };
      if (place.fault === "is lost as it is proven")
        return { ok: false, error: { name: "SelvedgeError", code: "device-lost", message: "the GPU is gone" } };
      const isWrong =
        place.fault === "wrong" ||
        fault === "answers wrongly" ||
        fault === "answers wrongly on " + backend;
      const finding = isWrong ? "zeros" : "as it should be";
      return { ok: true, value: { holds: !isWrong, finding } };
    },
  `);
}

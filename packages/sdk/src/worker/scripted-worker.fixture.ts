import type { ErrorCode } from "@selvedge/protocol";

/**
 * A real worker whose methods a test writes, as the text of an object literal's members. It speaks
 * comlink's protocol by hand, so that a page cannot tell it from one of ours.
 * @param news where its methods `tell` a test what they were asked; it is to be that test's alone, as
 *   what a worker of the test before says may come late
 */
export function scriptedWorker(methods: string, news?: BroadcastChannel): Worker {
  const script = `
    const news = new BroadcastChannel(${JSON.stringify(news?.name ?? crypto.randomUUID())});
    const tell = (what) => news.postMessage(what);
    const api = { ${methods} };
    addEventListener("message", async ({ data: { id, type, path, argumentList } }) => {
      if (type !== "APPLY") return;
      const value = await api[path.at(-1)](...argumentList.map((argument) => argument.value));
      postMessage({ id, type: "RAW", value });
    });
  `;
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  return new Worker(url, { type: "module" });
}

/**
 * The methods of an engine worker whose model answers with its input `x`, unless the first element of
 * that says otherwise.
 */
export const ENGINE_METHODS = `
  start({ build } = {}) {
    globalThis.build = build;
    const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
    return { ok: true, value: { module, compileMs: 1, importMs: 1, scriptAt: performance.timeOrigin } };
  },
  expect() {},
  open() {
    const signature = { inputs: [{ name: "x", dtype: "float32", dims: [-1] }], outputs: [] };
    const pack = { digest: "d".repeat(64), name: "tiny", version: "1.0.0", dtype: "fp32", engine: "onnx" };
    globalThis.isOpen = true;
    const costs = { bytes: 1234, readMs: 1, createMs: 1, signedBy: {} };
    return { ok: true, value: { ...pack, ...costs, signature, variants: [] } };
  },
  run(_session, { x }) {
    const [first] = globalThis.isOpen ? x.data : [];
    if (first === undefined)
      return { ok: false, error: { name: "SelvedgeError", code: "session-failed", message: "" } };
    if (first === ${-1}) return new Promise(() => {});
    if (first === ${-2}) {
      setTimeout(() => { throw new Error("boom"); });
      return new Promise(() => {});
    }
    return { ok: true, value: { outputs: { y: x }, runMs: 1 } };
  },
  rehearse() {
    return { ok: true, value: [] };
  },
  runAt(_session, dims) {
    return { ok: true, value: { outputs: {}, runMs: 1 } };
  },
  proveAt() {
    return { ok: true, value: { holds: true, finding: "as elsewhere" } };
  },
  /** A GPU is the faster one. */
  timeAt() {
    return { ok: true, value: globalThis.build === "wasm" ? 3 : 1 };
  },
  close() {
    return { ok: true };
  },
  prove() {
    return { ok: true, value: { holds: true, finding: "as it should be" } };
  },
`;

/** First elements of `x` that make `ENGINE_METHODS` misbehave. */
export const HANG = -1;
export const CRASH = -2;

/** What an engine does wrong, by the first element of `x`. */
export interface EngineFaults {
  readonly crash?: readonly number[];
  readonly hang?: readonly number[];
  /** Answers with what no engine says. */
  readonly garble?: readonly number[];
  /** Answers with an error of this code. */
  readonly fail?: Readonly<Record<number, ErrorCode>>;
  readonly doesNotOpen?: ErrorCode;
  readonly hangsAtOpen?: boolean;
  /** Does not give its golden answers. */
  readonly isWrong?: boolean;
}

/**
 * Further methods of an engine that fails where it is told to, and tells what it runs, as its number
 * and the first element.
 */
export function faultyEngine(number: number, faults: EngineFaults): string {
  return `
    faults: ${JSON.stringify(faults)},
    open() {
      if (api.faults.hangsAtOpen) return new Promise(() => {});
      const code = api.faults.doesNotOpen;
      if (code !== undefined) return { ok: false, error: { name: "SelvedgeError", code, message: code } };
      return ({ ${ENGINE_METHODS} }).open();
    },
    run(session, { x }) {
      const [first] = x.data;
      tell([${number}, first]);
      const { crash = [], hang = [], garble = [], fail = {} } = api.faults;
      if (crash.includes(first)) setTimeout(() => { throw new Error("boom"); });
      if (crash.includes(first) || hang.includes(first)) return new Promise(() => {});
      if (garble.includes(first)) return 42;
      const code = fail[first];
      if (code !== undefined) return { ok: false, error: { name: "SelvedgeError", code, message: code } };
      return { ok: true, value: { outputs: { y: x }, runMs: 1 } };
    },
    prove: () => ({ ok: true, value: api.faults.isWrong
      ? { holds: false, finding: "zeros" }
      : { holds: true, finding: "as it should be" } }),
  `;
}

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EarlyModule } from "./early-module.ts";

/** The smallest wasm there is. */
const WASM = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const REF = { file: "ort.run-01.wasm", sha256: "0a".repeat(32) };
const needed = { ...REF, bytes: WASM.byteLength };

let asked: [url: string, integrity: string | undefined][];
let signals: AbortSignal[];
let answer: () => Response;

beforeEach(() => {
  [asked, signals] = [[], []];
  answer = () => new Response(WASM, { headers: { "content-type": "application/wasm" } });
  vi.stubGlobal("fetch", async (url: string, { integrity, signal }: RequestInit) => {
    asked.push([url, integrity]);
    if (signal) signals.push(signal);
    return answer();
  });
});

afterEach(() => vi.unstubAllGlobals());

const early = (more = {}) => new EarlyModule("/assets/", { ...REF, ...more });

test("it streams at once, pinned, and is what is needed where the index names the same", async () => {
  const streaming = early();
  const digest = Buffer.from(REF.sha256, "hex").toString("base64");
  expect(asked).toEqual([["/assets/ort.run-01.wasm", `sha256-${digest}`]]);
  expect(await streaming.take(needed)).toBeInstanceOf(WebAssembly.Module);
});

test.each([
  ["another", { ...needed, sha256: "0b".repeat(32) }],
  ["all of the runtime", undefined],
])("where %s is needed, it is given up, and nothing comes of it", async (_, other) => {
  const streaming = early();
  expect(await streaming.take(other)).toBeUndefined();
  expect(signals[0]?.aborted).toBe(true);
});

test("a Module that the page has kept is taken, and nothing is fetched", async () => {
  const module = new WebAssembly.Module(WASM);
  expect(await early({ module }).take(needed)).toBe(module);
  expect(asked).toEqual([]);
});

test("what cannot be had is not there, for whoever needs it to ask again", async () => {
  answer = () => new Response("gone", { status: 404 });
  expect(await early().take(needed)).toBeUndefined();
});

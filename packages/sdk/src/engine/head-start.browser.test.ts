import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import type { ImageAt, RuntimeRequest } from "../worker/engine-api.ts";
import { BegunStart } from "./head-start.ts";
import { EarlyPages } from "./image/read-pages.ts";
import { RUNTIME_FOLDER } from "./runtime-files.ts";

const WASM = { file: "ort.run-01.wasm", sha256: "0a".repeat(32) };
const IMAGE: ImageAt = { key: "0c".repeat(32), place: "indexeddb", bytes: 8192 };
const assets = "https://assets.test/";
const ASKED: RuntimeRequest = {
  ...{ assets, build: "wasm", engine: "onnx", isPatient: true },
  ...{ early: WASM, earlyImage: IMAGE },
};

let fetched: { readonly url: string; readonly signal: AbortSignal | null | undefined }[];

beforeEach(async () => {
  fetched = [];
  vi.spyOn(globalThis, "fetch").mockImplementation((url, { signal } = {}) => {
    fetched.push({ url: String(url), signal });
    return new Promise(() => undefined);
  });
  await (await freshDatabase()).close();
});

afterEach(() => {
  vi.restoreAllMocks();
});

const isGivenUp = () => fetched[0]?.signal?.aborted;

test("what was begun is taken where it is what is asked for, and fetched once", () => {
  const start = new BegunStart(new Database(), { assets, wasm: WASM, image: IMAGE });
  const { begun, pages } = start.take(ASKED);
  expect(begun?.is(WASM)).toBe(true);
  expect(pages?.isOf(IMAGE)).toBe(true);
  expect(fetched.map(({ url }) => url)).toEqual([`${assets}${RUNTIME_FOLDER}/${WASM.file}`]);
  expect(isGivenUp()).toBe(false);
});

test.each<[asked: string, request: Partial<RuntimeRequest>]>([
  ["another wasm", { early: { ...WASM, sha256: "0b".repeat(32) } }],
  ["no wasm ahead", {} as const],
  ["a Module that the page has", { early: { ...WASM, module: emptyModule() } }],
  ["the same of another host", { assets: "https://elsewhere.test/" }],
])("a wasm is given up where %s is asked for", (asked, request) => {
  const start = new BegunStart(new Database(), { assets, wasm: WASM });
  const { early: _, ...without } = ASKED;
  const { begun } = start.take(asked === "no wasm ahead" ? without : { ...ASKED, ...request });
  expect(begun).toBeUndefined();
  expect(isGivenUp()).toBe(true);
});

test.each<[asked: string, earlyImage: ImageAt | undefined]>([
  ["another image", { ...IMAGE, key: "0d".repeat(32) }],
  ["no image", undefined],
])("pages are let go where %s is asked for", (_, earlyImage) => {
  const letGo = vi.spyOn(EarlyPages.prototype, "letGo");
  const start = new BegunStart(new Database(), { assets, image: IMAGE });
  expect(start.take({ ...ASKED, earlyImage }).pages).toBeUndefined();
  expect(letGo).toHaveBeenCalledOnce();
});

function emptyModule(): WebAssembly.Module {
  return new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
}

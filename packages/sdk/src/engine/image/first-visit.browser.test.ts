import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Database } from "../../store/database.ts";
import { freshDatabase } from "../../store/fresh-database.fixture.ts";
import type { RuntimeRequest } from "../../worker/engine-api.ts";
import type { PackOffer } from "../../worker/keeper-api.ts";
import { RUNTIME_VERSION } from "../runtime-files.ts";
import { FirstVisit } from "./first-visit.ts";
import { USUAL, type WasmPlan } from "./wasm-plan.ts";

const REQUEST: RuntimeRequest = {
  assets: "https://assets.test/",
  build: "wasm",
  engine: "onnx",
  isPatient: true,
};
const OFFER: PackOffer = {
  digest: "ab".repeat(32),
  version: "1.0.0",
  manifest: "{}",
  signedBy: {},
  resolveMs: 1,
  dtype: "auto",
  backend: "wasm",
  features: [],
};
const FILE = { file: "x", bytes: 1, sha256: "11".repeat(32) };
const INDEX = { format: 1, version: RUNTIME_VERSION, glue: FILE, full: FILE };
const RUN = { ...FILE, parent: FILE.sha256, packs: [], functions: 1 };

let database: Database;
let index: object | undefined;
let asked: string[];
let first: FirstVisit;

beforeEach(async () => {
  database = await freshDatabase();
  first = new FirstVisit(database);
  asked = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    return index === undefined
      ? new Response("", { status: 404 })
      : new Response(JSON.stringify(index));
  });
});

afterEach(async () => {
  vi.unstubAllGlobals();
  await database.close();
});

/** Whether it has been decided by now which wasm to compile. */
async function isDecided(): Promise<boolean> {
  return (await Promise.race([first.plan, undefined])) !== undefined;
}

test.each([
  ["that does not say what it has", undefined],
  ["without a wasm that only runs", INDEX],
])("the usual wasm waits for nothing on a host %s", async (_what, hosted) => {
  index = hosted;
  expect((await first.begin(REQUEST)).wasm).toBe(USUAL);
  await expect(first.consider(OFFER)).rejects.toThrow(/no runtime that only runs/);
});

test("it waits where there is one, until the page says that the pack is to be loaded", async () => {
  index = { ...INDEX, run: RUN };
  void first.begin(REQUEST);
  // Nothing can be imported from there.
  await expect(first.consider(OFFER)).rejects.toMatchObject({ code: "assets-missing" });
  expect(asked).toHaveLength(1);
  expect(await isDecided()).toBe(false);
  first.loadInstead(REQUEST);
  expect((await first.plan).wasm).toBe(USUAL);
});

test("what the store has is compiled as was planned, whatever is said later", async () => {
  const planned: WasmPlan = { wasm: { kind: "load", ref: FILE }, reason: "it is in the store" };
  index = { ...INDEX, run: RUN };
  void first.begin(REQUEST);
  first.loadInstead(Promise.resolve(planned));
  first.loadInstead(REQUEST);
  expect(await first.plan).toBe(planned);
});

test("a worker that never waited asks for nothing", async () => {
  first.loadInstead(REQUEST);
  expect(await isDecided()).toBe(false);
  expect(asked).toEqual([]);
});

test("nothing is opened or kept that was not considered", async () => {
  await expect(first.open()).rejects.toMatchObject({ code: "no-candidate" });
  await expect(first.keep()).rejects.toMatchObject({ code: "no-candidate" });
});

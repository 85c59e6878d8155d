import type { RuntimeIndex } from "@selvedge/protocol";
import { afterEach, expect, test, vi } from "vitest";
import { freshDatabase } from "../../store/fresh-database.fixture.ts";
import { RUNTIME_VERSION } from "../runtime-files.ts";
import { askAgain } from "./known-index.ts";
import { planAhead } from "./plan-ahead.ts";

const EARLY = { file: "ort.load-02.wasm", sha256: "0b".repeat(32) };
/** Nobody is asked twice while they are silent. */
const SILENT = "https://silent.test/";
const REQUEST = { assets: "https://assets.test/", build: "wasm", engine: "onnx" } as const;

const FULL = "ab".repeat(32);

const INDEX: RuntimeIndex = {
  format: 1,
  version: RUNTIME_VERSION,
  glue: { file: "glue.mjs", bytes: 10, sha256: "01".repeat(32) },
  full: { file: "full.wasm", bytes: 1000, sha256: FULL },
  load: { ...EARLY, bytes: 100, parent: FULL, packs: ["ef".repeat(32)], functions: 10 },
};

afterEach(() => {
  vi.restoreAllMocks();
});

test("a host that does not answer is not waited for, whatever is compiled already", async () => {
  vi.spyOn(globalThis, "fetch").mockReturnValue(new Promise(() => undefined));
  const plan = planAhead(await freshDatabase());
  for (const request of [REQUEST, { ...REQUEST, early: EARLY }]) {
    const { wasm, better } = await plan({ ...request, assets: SILENT });
    expect([wasm.kind, wasm.ref]).toEqual(["full", undefined]);
    expect(better).toBeInstanceOf(Promise);
  }
});

test("where it is known that the host has nothing fitted, the usual wasm is compiled", async () => {
  const fetched = vi
    .spyOn(globalThis, "fetch")
    .mockResolvedValue(new Response("", { status: 404 }));
  const plan = planAhead(await freshDatabase());
  await (await plan(REQUEST)).better;
  const { wasm, better } = await plan({ ...REQUEST, early: EARLY });
  expect([wasm.kind, better]).toEqual(["full", undefined]);
  expect(fetched).toHaveBeenCalledOnce();
});

test("on a first visit what the host has fitted is compiled, and nothing else is begun", async () => {
  const fetched = vi
    .spyOn(globalThis, "fetch")
    .mockImplementation(async () => new Response(JSON.stringify(INDEX)));
  const database = await freshDatabase();
  askAgain(database, REQUEST.assets);
  const { wasm, better } = await planAhead(database)({ ...REQUEST, isNew: true });
  expect([wasm, better]).toEqual([{ kind: "load", ref: INDEX.load }, undefined]);
  expect(fetched, "it was asked before, and is not asked again").toHaveBeenCalledOnce();
});

test("on a first visit nobody waits for long for a host that does not answer", async () => {
  vi.spyOn(globalThis, "fetch").mockReturnValue(new Promise(() => undefined));
  const request = { ...REQUEST, assets: SILENT, isNew: true };
  const { wasm } = await planAhead(await freshDatabase())(request);
  expect(wasm.kind).toBe("full");
});

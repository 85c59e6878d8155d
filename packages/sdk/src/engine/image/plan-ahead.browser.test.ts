import { afterEach, expect, test, vi } from "vitest";
import { freshDatabase } from "../../store/fresh-database.fixture.ts";
import { planAhead } from "./plan-ahead.ts";

const EARLY = { file: "ort.load-02.wasm", sha256: "0b".repeat(32) };
const REQUEST = { assets: "https://assets.test/", build: "wasm", engine: "onnx" } as const;

afterEach(() => {
  vi.restoreAllMocks();
});

test("a host that does not answer is not waited for, whatever is compiled already", async () => {
  vi.spyOn(globalThis, "fetch").mockReturnValue(new Promise(() => undefined));
  const plan = planAhead(await freshDatabase());
  for (const request of [REQUEST, { ...REQUEST, early: EARLY }]) {
    const { wasm, better } = await plan(request);
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

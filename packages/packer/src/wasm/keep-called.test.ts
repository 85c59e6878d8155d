import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CALL_MARK, countCalls } from "./count-calls.ts";
import { emptyData } from "./data-segments.ts";
import { keepCalled } from "./keep-called.ts";
import { exportedFunction, instantiate, type MadeFunction, makeWasm } from "./wasm.fixture.ts";

const [CALL, I32_CONST, I32_ADD] = [0x10, 0x41, 0x6a];

/** Functions of which each returns one more than the sum of some that come after it. */
const callGraph = fc
  .integer({ min: 1, max: 40 })
  .chain((length) =>
    fc.tuple(
      ...Array.from({ length }, (_, i) =>
        i === length - 1
          ? fc.constant<number[]>([])
          : fc.uniqueArray(fc.integer({ min: i + 1, max: length - 1 }), { maxLength: 2 }),
      ),
    ),
  );

function moduleOf(graph: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const functions = graph.map(
    (called): MadeFunction => ({
      hasResult: true,
      code: [I32_CONST, 1, ...called.flatMap((index) => [CALL, index, I32_ADD])],
    }),
  );
  const exports = Object.fromEntries(graph.map((_, i) => [`f${i}`, i]));
  return makeWasm({ globals: [{ type: "i32", isMutable: true, value: 3n }], functions, exports });
}

function reachedFrom(graph: readonly (readonly number[])[], root: number): Set<number> {
  const reached = new Set([root]);
  for (const from of reached) for (const to of graph[from] ?? []) reached.add(to);
  return reached;
}

function notedCalls(exports: WebAssembly.Exports): number[] {
  return Object.entries(exports).flatMap(([name, value]) =>
    name.startsWith(CALL_MARK) && value instanceof WebAssembly.Global && value.value === 1
      ? [Number(name.slice(CALL_MARK.length))]
      : [],
  );
}

const byNumber = (a: number, b: number) => a - b;

describe("countCalls and keepCalled", () => {
  it("note what is called, keep that, and let everything else trap", async () => {
    await fc.assert(
      fc.asyncProperty(callGraph, fc.nat(), async (graph, choice) => {
        const root = choice % graph.length;
        const whole = moduleOf(graph);
        const expected = exportedFunction(await instantiate(whole), `f${root}`)();
        const counted = await instantiate(countCalls(whole));
        expect(notedCalls(counted)).toEqual([]);
        expect(exportedFunction(counted, `f${root}`)()).toBe(expected);
        const calls = notedCalls(counted).sort(byNumber);
        expect(calls).toEqual([...reachedFrom(graph, root)].sort(byNumber));

        const kept = await instantiate(keepCalled(whole, new Set(calls)));
        expect(exportedFunction(kept, `f${root}`)()).toBe(expected);
        for (const other of graph.keys())
          if (!calls.includes(other))
            expect(() => exportedFunction(kept, `f${other}`)()).toThrow(WebAssembly.RuntimeError);
      }),
      { numRuns: 50 },
    );
  });

  it("understand functions with locals", async () => {
    const [LOCAL_GET, LOCAL_SET] = [0x20, 0x21];
    const wasm = makeWasm({
      globals: [{ type: "i64", isMutable: false, value: 0x0b0bn }],
      functions: [
        {
          parameters: 1,
          hasResult: true,
          locals: 2,
          code: [LOCAL_GET, 0, I32_CONST, 5, I32_ADD, LOCAL_SET, 2, LOCAL_GET, 2],
        },
      ],
      exports: { f: 0 },
    });
    const counted = await instantiate(countCalls(wasm));
    expect(exportedFunction(counted, "f")(37)).toBe(42);
    expect(notedCalls(counted)).toEqual([0]);
  });

  it("take a wasm apart whose globals nobody could write down", async () => {
    const wasm = makeWasm({
      globals: [
        { type: "f32", isMutable: true, value: 2n },
        { type: "i32", isMutable: true, value: 3n },
      ],
      functions: [{ code: [] }, { code: [] }],
      exports: { f: 0, g: 1 },
    });
    const counted = await instantiate(countCalls(wasm));
    exportedFunction(counted, "g")();
    expect(notedCalls(counted)).toEqual([1]);
    await instantiate(keepCalled(wasm, new Set([1])));
  });
});

describe("emptyData", () => {
  it("takes the data, and leaves what there is to ask for", async () => {
    const data = [{ bytes: [1, 2, 3] }, { bytes: [] }, { bytes: [4] }];
    const globals = [{ type: "i32" as const, isMutable: true, value: 0n }];
    const emptied = emptyData(makeWasm({ globals, data }));
    expect(emptied).toEqual(makeWasm({ globals, data: data.map(() => ({ bytes: [] })) }));
    await instantiate(emptied);
  });

  it("refuses data that goes into memory by itself", () => {
    expect(() => emptyData(makeWasm({ data: [{ bytes: [1], at: 8 }] }))).toThrow(RangeError);
  });
});

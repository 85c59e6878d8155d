import { describe, expect, it } from "vitest";
import { rewriteRuntime } from "./rewrite-runtime.ts";
import { findWakingFacts } from "./waking-facts.ts";
import { type MadeFunction, type MadeModule, makeWasm } from "./wasm.fixture.ts";

const [LOCAL_GET, GLOBAL_SET] = [0x20, 0x24];

/** A function that puts some of its parameters in globals. */
function keeps(parameters: number, kept: readonly (readonly [number, number])[]): MadeFunction {
  const code = kept.flatMap(([local, global]) => [LOCAL_GET, local, GLOBAL_SET, global]);
  return { parameters, code };
}

const global = (isMutable = true) => ({ type: "i32" as const, isMutable, value: 11n });

/** A runtime as small as one can be. */
const SMALL: MadeModule = {
  globals: [global(), global(false), global(), global(), global()],
  functions: [
    { code: [] },
    keeps(6, [
      [1, 2],
      [3, 3],
    ]),
    keeps(2, [
      [1, 4],
      [0, 2],
    ]),
    keeps(1, [[0, 0]]),
  ],
  exports: { Va: 0, zb: 1, Ib: 2, Jb: 3 },
  start: 0,
  data: [{ bytes: [1, 2, 3] }],
};

const GLUE = `async function ort(h={}){function Ia(){Ha=!0;n?ua():I.Va()}
async function wa(){function a(c,e){I=c.exports;c=I;h._OrtInit=c.Wa;za=c.zb;Tc=c.Ib;M$=c.Jb;r=e}}
function ya(a){var b=D[a+52];a=D[a+56];Tc(b,b-a);M$(b)}
function ob(a){za(a>>>0,!k,1,!aa,131072,!1);Aa()}}`;

const FACTS = {
  memory: { module: "m", name: "memory" },
  constructors: "Va",
  table: "table",
  globals: ["$0", "$2", "$3", "$4"],
  host: { isMainThread: "$2", mayWait: "$3" },
  stackEnd: "$4",
  stackPointer: "$0",
};

describe("findWakingFacts", () => {
  it("finds what a runtime is restored by", () => {
    expect(findWakingFacts(makeWasm(SMALL), GLUE)).toEqual(FACTS);
  });

  it.each([
    ["no start function", { start: undefined }, /no start function/],
    ["data that goes in by itself", { data: [{ bytes: [1], at: 0 }] }, /writes its data over/],
    ["no table", { tables: [] }, /does not export one table/],
    ["a table for itself", { hidden: { tables: 1 } }, /a table that it does not export/],
    ["a memory for itself", { hidden: { memories: 1 } }, /a memory of its own/],
    ["two tables", { tables: ["a", "b"] }, /does not export one table/],
    [
      "constructors that are not exported",
      { exports: { zb: 1, Ib: 2, Jb: 3 } },
      /no function "Va"/,
    ],
    [
      "a stack whose limits are kept nowhere",
      { exports: { Va: 0, zb: 1, Ib: 0, Jb: 3 } },
      /does not keep its parameter 1/,
    ],
    [
      "a thread that is not told what it is",
      { exports: { Va: 0, zb: 3, Ib: 2, Jb: 3 } },
      /does not keep its parameter 1/,
    ],
  ] satisfies [string, MadeModule, RegExp][])("refuses a wasm with %s", (_, changed, message) => {
    const wasm = makeWasm({ ...SMALL, ...changed });
    expect(() => findWakingFacts(wasm, GLUE)).toThrow(message);
  });

  it.each([
    ["the exports", "I=c.exports", /does not show the exports/],
    ["constructors", "n?ua():I.Va()", /does not show the constructors/],
    [
      "what tells a thread what it is",
      "za(a>>>0,!k,1,!aa,131072,!1)",
      /initialises the main thread/,
    ],
    ["the limits of the stack", "Tc(b,b-a);M$(b)", /the stack's limits/],
    ["the stack's pointer", "M$=c.Jb;", /the export "M\$"/],
  ])("refuses a glue that does not show %s", (_, part, message) => {
    expect(GLUE).toContain(part);
    expect(() => findWakingFacts(makeWasm(SMALL), GLUE.replace(part, ""))).toThrow(message);
  });

  it("refuses a glue in which something could be one or the other", () => {
    expect(() => findWakingFacts(makeWasm(SMALL), `${GLUE};J=d.exports`)).toThrow(/more than once/);
  });
});

describe("rewriteRuntime", () => {
  it("says why where an assumption does not hold, and changes nothing", () => {
    const wasm = makeWasm({ ...SMALL, tables: [] });
    expect(rewriteRuntime(wasm, GLUE)).toEqual({
      wasm,
      reason: "the wasm does not export one table",
    });
  });

  it("exports the globals that the facts name", async () => {
    const { wasm, waking, reason } = rewriteRuntime(makeWasm(SMALL), GLUE);
    expect([waking, reason]).toEqual([FACTS, undefined]);
    const names = WebAssembly.Module.exports(new WebAssembly.Module(new Uint8Array(wasm)))
      .filter(({ kind }) => kind === "global")
      .map(({ name }) => name);
    expect(names).toEqual(FACTS.globals);
  });
});

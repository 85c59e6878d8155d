import { describe, expect, it } from "vitest";
import type { GlueHost } from "./start-glue.ts";
import { asleepFrom, scrubbedState } from "./written-state.ts";

const FACTS = {
  memory: { module: "a", name: "a" },
  constructors: "c",
  table: "t",
  globals: ["$end", "$pointer", "$main", "$wait", "$long"],
  host: { isMainThread: "$main", mayWait: "$wait" },
  stackEnd: "$end",
  stackPointer: "$pointer",
} as const;

/** A runtime at rest, whose allocator has nothing left to give. */
function runtimeAtRest(): GlueHost {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const global = (value: number) => new WebAssembly.Global({ value: "i32", mutable: true }, value);
  const idle = () => 0;
  return {
    glue: undefined,
    compiled: undefined,
    opened: undefined,
    asleep: undefined,
    memory,
    exports: {
      $end: global(4096),
      $pointer: global(8192),
      $main: global(1),
      $wait: global(0),
      $long: new WebAssembly.Global({ value: "i64", mutable: true }, -5n),
      t: new WebAssembly.Table({ element: "anyfunc", initial: 12 }),
    },
    runtime: {
      getValue: idle,
      _malloc: idle,
      _free: idle,
      _OrtInit: idle,
      _OrtCreateSession: idle,
    },
    session: 70_004,
  };
}

describe("what is written down of a runtime", () => {
  it("is its globals but for those that say where it runs, and what its memory and table measure", () => {
    expect(scrubbedState(runtimeAtRest(), FACTS).state).toEqual({
      memoryBytes: 131_072,
      tableLength: 12,
      globals: { $end: 4096, $pointer: 8192, $long: "-5" },
    });
  });

  it("has nothing on it of what lay on the stack", () => {
    const runtime = runtimeAtRest();
    const stack = new Uint8Array(runtime.memory?.buffer ?? expect.fail(), 4096, 8192);
    stack.fill(7);
    const { memory } = scrubbedState(runtime, FACTS);
    const bytes = new Uint8Array(memory);
    expect([bytes[4096], bytes[8191], bytes[8192]]).toEqual([0, 0, 7]);
  });

  it("is nothing before it has started, or where it is another than its facts say", () => {
    const runtime = runtimeAtRest();
    expect(() => scrubbedState({ ...runtime, exports: undefined }, FACTS)).toThrow(/not started/);
    expect(() => scrubbedState(runtime, { ...FACTS, table: "$end" })).toThrow(/function table/);
    const other = { ...FACTS, globals: [...FACTS.globals, "$other"] };
    expect(() => scrubbedState(runtime, other)).toThrow(/global \$other/);
  });
});

describe("what is woken", () => {
  const { state } = scrubbedState(runtimeAtRest(), FACTS);

  it("goes on with the globals that were written, on a thread that is no page's own and may wait", () => {
    expect(asleepFrom({ ...state, session: 70_004 }, FACTS)).toEqual({
      memoryBytes: 131_072,
      tableLength: 12,
      table: "t",
      constructors: "c",
      session: 70_004,
      globals: { $end: 4096, $pointer: 8192, $long: -5n, $main: 0, $wait: 1 },
    });
  });

  it("has the globals of the runtime that is here, no fewer and no others", () => {
    for (const globals of [{}, { ...state.globals, $other: 1 }])
      expect(() => asleepFrom({ ...state, globals, session: 1 }, FACTS)).toThrow(/other globals/);
  });
});

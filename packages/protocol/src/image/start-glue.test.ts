import { beforeEach, expect, test, vi } from "vitest";
import {
  type AsleepRuntime,
  emptyGlueHost,
  type Glue,
  memoryAhead,
  startGlue,
} from "./start-glue.ts";

/** A wasm that exports a table of three, as `t`. */
const WASM = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[4, 4, 1, 0x70, 0, 3],
  ...[7, 5, 1, 1, 0x74, 1, 0],
]);

type Config = Parameters<NonNullable<ReturnType<typeof emptyGlueHost>["glue"]>>[0];

let made: WebAssembly.Memory[];

/** Makes a memory, and is there once it has been given a wasm, as Emscripten's is. */
async function glue({ instantiateWasm }: Config): Promise<Glue> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });
  made.push(memory);
  const ask = instantiateWasm as (imports: object, received: (instance: object) => void) => object;
  await new Promise<object>((resolve) => {
    ask({ a: { m: memory } }, resolve);
  });
  return {
    getValue: () => 0,
    _malloc: () => 0,
    _free: () => undefined,
    _OrtInit: () => 1,
    _OrtCreateSession: async () => 7,
  };
}

function asleep(memory?: WebAssembly.Memory): AsleepRuntime {
  const state = { globals: {}, constructors: "c", table: "t", tableLength: 3, session: 5 };
  return { memory, memoryBytes: 2 * 65_536, fill: vi.fn<AsleepRuntime["fill"]>(), ...state };
}

function hostOf(woken?: AsleepRuntime) {
  const compiled = WebAssembly.compile(WASM);
  return Object.assign(emptyGlueHost(), {
    glue,
    compiled,
    asleep: woken && Promise.resolve(woken),
  });
}

beforeEach(() => {
  made = [];
});

test("what was read into the memory that was made ahead wakes in it", async () => {
  const host = hostOf();
  const memory = await memoryAhead(host);
  const woken = asleep(memory);
  const runtime = await startGlue(Object.assign(host, { asleep: Promise.resolve(woken) }), {});
  expect(made).toEqual([memory]);
  expect(host.memory).toBe(memory);
  expect(woken.fill).toHaveBeenCalledExactlyOnceWith(memory);
  expect(await runtime._OrtCreateSession()).toBe(5);
  expect(await runtime._OrtCreateSession()).toBe(7);
});

test.each<[what: string, woken: (memory: WebAssembly.Memory) => AsleepRuntime | undefined]>([
  ["a session that is created", () => undefined],
  ["an image that comes from elsewhere", () => asleep()],
  [
    "an image that was read into another memory",
    () => asleep(new WebAssembly.Memory({ initial: 1 })),
  ],
])("%s never has it", async (_, woken) => {
  const host = hostOf();
  const memory = await memoryAhead(host);
  const other = woken(memory);
  await startGlue(Object.assign(host, { asleep: other && Promise.resolve(other) }), {});
  expect(made.length).toBe(2);
  expect(host.memory).toBe(made[1]);
  expect(host.opened).toBeUndefined();
});

test("it is made once, whoever asks", async () => {
  const host = hostOf();
  expect(await memoryAhead(host)).toBe(await memoryAhead(host));
  expect(made.length).toBe(1);
});

test("glue that fails says so to whoever waits for its memory", async () => {
  const host = Object.assign(hostOf(), { glue: () => Promise.reject(new Error("no threads")) });
  await expect(memoryAhead(host)).rejects.toThrow("no threads");
});

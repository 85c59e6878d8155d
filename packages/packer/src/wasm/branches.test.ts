import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBranches } from "./branches.ts";
import { CALL_MARK, countCalls } from "./count-calls.ts";
import { OPCODE } from "./instructions.ts";
import { keepCalled } from "./keep-called.ts";
import { exportedFunction, instantiate, makeWasm } from "./wasm.fixture.ts";

const { block, loop, end, branchIf } = OPCODE;
const [BR, BR_TABLE, RETURN] = [0x0c, 0x0e, 0x0f];
const [GET, SET, CONST, ADD, MULTIPLY, AND, SHIFT] = [0x20, 0x21, 0x41, 0x6a, 0x6c, 0x71, 0x76];
const EMPTY = 0x40;

/** A function is given bits, which decide where it goes, and puts together a number of where it was. */
const [BITS, SUM] = [0, 1];

const isSet = (bit: number) => [GET, BITS, CONST, bit, SHIFT, CONST, 1, AND];
const mark = (n: number) => [GET, SUM, CONST, 31, MULTIPLY, CONST, n, ADD, SET, SUM];

/** Statements that go one way or the other, some within others. */
const { code } = fc.letrec<{ statement: number[]; code: number[] }>((tie) => {
  const bit = fc.nat({ max: 15 });
  const within = tie("code");
  return {
    code: fc.array(tie("statement"), { maxLength: 3 }).map((all) => all.flat()),
    statement: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      fc.integer({ min: 1, max: 60 }).map(mark),
      fc
        .tuple(bit, within, fc.option(within))
        .map(([bit, then, other]) => [
          ...[...isSet(bit), OPCODE.if, EMPTY, ...then],
          ...(other === null ? [] : [OPCODE.else, ...other]),
          end,
        ]),
      fc
        .tuple(bit, within, within)
        .map(([bit, before, after]) => [
          ...[block, EMPTY, ...before, ...isSet(bit), branchIf, 0],
          ...[...after, end],
        ]),
      // It ends when no bits are left.
      within.map((code) => [
        ...[loop, EMPTY, ...code, GET, BITS, CONST, 1, SHIFT, SET, BITS],
        ...[GET, BITS, branchIf, 0, end],
      ]),
      // Cases, as compilers write them: the blocks end where each begins.
      fc
        .tuple(within, within, within)
        .map(([first, second, third]) => [
          ...[block, EMPTY, block, EMPTY, block, EMPTY, block, EMPTY],
          ...[GET, BITS, CONST, 3, AND, BR_TABLE, 2, 0, 1, 2, end],
          ...[...first, BR, 2, end, ...second, BR, 1, end, ...third, end],
        ]),
      bit.map((bit) => [...isSet(bit), OPCODE.if, EMPTY, GET, SUM, RETURN, end]),
    ),
  };
});

const moduleOf = (code: readonly number[]) =>
  makeWasm({
    globals: [{ type: "i32", isMutable: true, value: 0n }],
    functions: [{ parameters: 1, hasResult: true, locals: 1, code: [...code, GET, SUM] }],
    exports: { f: 0 },
  });

/** What a module answers to bits; `undefined` where it traps. */
async function answerOf(
  wasm: Uint8Array<ArrayBuffer>,
  bits: number,
): Promise<{ answer: number | undefined; called: Set<number> }> {
  const exports = await instantiate(wasm);
  const called = new Set<number>();
  let answer: number | undefined;
  try {
    answer = exportedFunction(exports, "f")(bits);
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
  }
  for (const [name, value] of Object.entries(exports))
    if (name.startsWith(CALL_MARK) && value instanceof WebAssembly.Global && value.value === 1)
      called.add(Number(name.slice(CALL_MARK.length)));
  return { answer, called };
}

const bits = fc.nat({ max: 0xffff });

const EVERY = { functions: 0, branches: 1 };

describe("branches that are not taken", () => {
  it("are left out: what takes those that were answers as ever, and nothing else answers otherwise", async () => {
    await fc.assert(
      fc.asyncProperty(code, bits, fc.array(bits, { maxLength: 4 }), async (code, met, others) => {
        const whole = moduleOf(code);
        const counted = await answerOf(countCalls(whole, EVERY), met);
        const keptOnly = keepCalled(whole, counted.called, EVERY);
        const { answer } = await answerOf(whole, met);
        expect(counted.answer).toBe(answer);
        expect((await answerOf(keptOnly, met)).answer).toBe(answer);
        for (const other of others) {
          const { called, answer } = await answerOf(countCalls(whole, EVERY), other);
          const isKnown = [...called].every((one) => counted.called.has(one));
          const kept = (await answerOf(keptOnly, other)).answer;
          // Where there was nothing to leave out, nothing traps.
          expect(isKnown ? [answer] : [answer, undefined]).toContain(kept);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("take with them what only comes behind them", () => {
    const rare = Array.from({ length: 300 }, (_, i) => mark(i % 60)).flat();
    const whole = moduleOf([
      ...isSet(0),
      OPCODE.if,
      EMPTY,
      ...rare,
      ...isSet(1),
      OPCODE.if,
      EMPTY,
      ...rare,
      end,
      end,
    ]);
    expect(whole.length).toBeGreaterThan(6000);
    expect(keepCalled(whole, new Set([0]), EVERY).length).toBeLessThan(200);
  });

  it("of small functions stay", async () => {
    const whole = moduleOf([...isSet(0), OPCODE.if, EMPTY, ...mark(1), end]);
    expect((await answerOf(countCalls(whole), 0)).called).toEqual(new Set([0]));
    expect(keepCalled(whole, new Set([0]))).toEqual(whole);
  });
});

describe("readBranches", () => {
  const body = Uint8Array.of(0, GET, 0, OPCODE.if, EMPTY, 0x01, OPCODE.else, 0x01, end, 0x01, end);

  it("finds where they begin, and where they are over at the latest", () => {
    expect(readBranches([body], EVERY)).toEqual([
      [
        { at: 5, until: 6 },
        { at: 7, until: 8 },
        { at: 9, until: 10 },
      ],
    ]);
  });

  it("leaves alone what it does not know, as what throws and catches", () => {
    const TRY = 0x06;
    expect(readBranches([Uint8Array.of(0, TRY, EMPTY, end, end), body], EVERY)).toEqual([
      [],
      expect.objectContaining({ length: 3 }),
    ]);
  });

  it("finds no more than can be exported", () => {
    const none = Uint8Array.of(0, end);
    const many = [...Array.from({ length: 89_996 }, () => none), body, body, none];
    const found = readBranches(many, EVERY).map(({ length }) => length);
    expect(found.slice(-3)).toEqual([0, 0, 0]);
    expect(
      readBranches(many.slice(2), EVERY)
        .map(({ length }) => length)
        .slice(-3),
    ).toEqual([3, 0, 0]);
  });
});

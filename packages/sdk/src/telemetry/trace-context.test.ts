import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTraceparent, readTracestate, toTraceparent } from "./trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("a traceparent", () => {
  test.each([
    ["is recorded where it says so", `00-${TRACE}-${SPAN}-01`, 1],
    ["is not recorded otherwise", `00-${TRACE}-${SPAN}-00`, 0],
    ["says that its id is random", `00-${TRACE}-${SPAN}-03`, 3],
    ["may have flags that mean nothing yet", `00-${TRACE}-${SPAN}-fd`, 1],
    ["may be of a version to come", `cc-${TRACE}-${SPAN}-01`, 1],
    ["of a version to come may say more", `cc-${TRACE}-${SPAN}-01-what-the-future-brings`, 1],
  ])("%s: %s", (_, text, flags) => {
    expect(parseTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN, flags });
  });

  test.each([
    ["a version that there will never be", `ff-${TRACE}-${SPAN}-01`],
    ["more than this version has", `00-${TRACE}-${SPAN}-01-more`],
    ["a dash at its end", `00-${TRACE}-${SPAN}-01-`],
    ["more flags than this version has", `00-${TRACE}-${SPAN}-011`],
    ["a version to come that runs on", `cc-${TRACE}-${SPAN}-01more`],
    ["capitals", `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ["a trace of zeros", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["a span of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["too few digits", `00-${TRACE.slice(1)}-${SPAN}-01`],
    ["other than hex digits", `00-${TRACE}-${SPAN.replace("b", "g")}-01`],
    ["a space before it", ` 00-${TRACE}-${SPAN}-01`],
    ["nothing in it", ""],
    ["no text", 7],
    ["no value", undefined],
  ])("with %s is ignored", (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  test("that is written is read back as it was", () => {
    const hex = (length: number) =>
      fc
        .string({
          unit: fc.constantFrom(..."0123456789abcdef"),
          minLength: length,
          maxLength: length,
        })
        .filter((text) => !/^0+$/.test(text));
    const ref = fc.record({
      traceId: hex(32),
      spanId: hex(16),
      flags: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(ref, (one) => {
        expect(parseTraceparent(toTraceparent(one))).toEqual(one);
      }),
    );
  });
});

describe("a tracestate", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=v`).join();

  test.each([
    ["congo=t61rcWkgMzE", "congo=t61rcWkgMzE"],
    ["rojo=00f067aa0ba902b7 , congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"],
    ["fw529a3039@dt=FfAPw", "fw529a3039@dt=FfAPw"],
    ["a=1,,b=2", "a=1,b=2"],
    ["a=b=c", undefined],
    ["a=1,a=2", undefined],
    ["A=1", undefined],
    ["a", undefined],
    ["a=", undefined],
    ["a=ü", undefined],
    ["", undefined],
    [undefined, undefined],
    [many(32), many(32)],
    [many(33), undefined],
  ])("%s is passed on as %s", (text, passedOn) => {
    expect(readTracestate(text)).toBe(passedOn);
  });

  test("that is too long loses its long members first, then its last", () => {
    const long = `long=${"x".repeat(200)}`;
    const short = Array.from({ length: 10 }, (_, i) => `short${i}=${"y".repeat(50)}`);
    const passedOn = readTracestate([long, ...short].join()) ?? "";
    expect(passedOn).toBe(short.slice(0, 8).join());
    expect(passedOn.length).toBeLessThanOrEqual(512);
  });

  test("of any text whatever is one that others accept, or none", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 600 }), (text) => {
        const passedOn = readTracestate(text);
        if (passedOn !== undefined) expect(readTracestate(passedOn)).toBe(passedOn);
      }),
    );
  });
});

/**
 * W3C trace context: how a trace is handed from one program to the next.
 *
 * @see https://www.w3.org/TR/trace-context-2/
 */

/** What a caller hands over with a call. */
export interface TraceParent {
  /**
   * A W3C `traceparent`: the span that this belongs under, and whether that is recorded. One that is
   * not valid is ignored.
   */
  readonly traceparent?: string;
  /** The `tracestate` that came with it. Ignored where it is not valid, or without the other. */
  readonly tracestate?: string;
}

/** A span, as others refer to it. */
export interface SpanRef {
  /** 32 hex digits, not all 0. */
  readonly traceId: string;
  /** 16 hex digits, not all 0. */
  readonly spanId: string;
  /** Of `SAMPLED` and `RANDOM`. */
  readonly flags: number;
}

/** The flag of what is recorded. */
export const SAMPLED = 1;

/** The flag of a trace whose id is random. */
export const RANDOM = 2;

/** Later versions may have more behind the flags, which is skipped; this one may not. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

const MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

const MOST_MEMBERS = 32;

/** What everybody has to pass on; longer ones are cut. */
const STATE_CHARACTERS = 512;

/** What goes first where a state is cut. */
const LONG_MEMBER = 128;

/** @returns `undefined` where it is not valid */
export function parseTraceparent(text: unknown): SpanRef | undefined {
  const [whole = "", version, traceId = "", spanId = "", flags = ""] =
    (typeof text === "string" ? TRACEPARENT.exec(text) : null) ?? [];
  if (version === undefined || (version === "00" && whole.length !== 55)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) & (SAMPLED | RANDOM) };
}

/** Writes a `traceparent` of version 00. */
export function toTraceparent({ traceId, spanId, flags }: SpanRef): string {
  return `00-${traceId}-${spanId}-0${flags}`;
}

/** @returns a `tracestate` as it may be passed on; `undefined` where it is not valid, or says nothing */
export function readTracestate(text: unknown): string | undefined {
  if (typeof text !== "string" || text.length > 64 * STATE_CHARACTERS) return undefined;
  const members = text
    .split(",")
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((member) => member !== "");
  const keys = new Set(members.map((member) => member.split("=", 1)[0]));
  const isValid = keys.size === members.length && members.every((member) => MEMBER.test(member));
  if (!isValid || members.length > MOST_MEMBERS) return undefined;
  return cut(members) || undefined;
}

function cut(members: readonly string[]): string {
  const all = members.join();
  if (all.length <= STATE_CHARACTERS) return all;
  const kept = members.filter(({ length }) => length <= LONG_MEMBER);
  while (kept.join().length > STATE_CHARACTERS) kept.pop();
  return kept.join();
}

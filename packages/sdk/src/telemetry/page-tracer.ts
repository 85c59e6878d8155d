import type { SpanRef } from "./trace-context.ts";

/**
 * The part of `@opentelemetry/api`'s Tracer that Selvedge needs, so that a page gives its own, and
 * Selvedge depends on none.
 */
export interface PageTracer {
  startSpan(
    name: string,
    options?: {
      /** 0: internal. */
      readonly kind?: number;
      /** Milliseconds since 1970. */
      readonly startTime?: number;
    },
    /** What the span lies under; absent: whatever the page is doing. */
    context?: PageContext,
  ): PageSpan;
}

/** The part of `@opentelemetry/api`'s Span that Selvedge needs. */
export interface PageSpan {
  spanContext(): { readonly traceId: string; readonly spanId: string; readonly traceFlags: number };
  setAttributes(attributes: Readonly<Record<string, string | number>>): unknown;
  /** 2: error. */
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  /** @param endTime milliseconds since 1970 */
  end(endTime?: number): void;
}

/** `@opentelemetry/api`'s Context: values that cannot be changed, by keys. */
export interface PageContext {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): PageContext;
  deleteValue(key: symbol): PageContext;
}

/** The API makes its keys with `Symbol.for`, so that several copies of it understand each other. */
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");

/** A context in which a span is the active one. */
export function contextWith(span: Pick<PageSpan, "spanContext">): PageContext {
  return contextOf(new Map<symbol, unknown>([[SPAN_KEY, span]]));
}

/** A context in which the active span is another program's. */
export function contextUnder({ traceId, spanId, flags }: SpanRef, state?: string): PageContext {
  const traceState = state === undefined ? {} : { traceState: stateOf(state) };
  const spanContext = { traceId, spanId, traceFlags: flags, isRemote: true, ...traceState };
  return contextWith({ spanContext: () => spanContext });
}

function contextOf(values: ReadonlyMap<symbol, unknown>): PageContext {
  return {
    getValue: (key) => values.get(key),
    setValue: (key, value) => contextOf(new Map(values).set(key, value)),
    deleteValue: (key) => contextOf(new Map([...values].filter(([other]) => other !== key))),
  };
}

/** As the API has it: a text that is only passed on. */
function stateOf(text: string) {
  const state = {
    get: (key: string) =>
      text
        .split(",")
        .find((member) => member.startsWith(`${key}=`))
        ?.slice(key.length + 1),
    set: () => state,
    unset: () => state,
    serialize: () => text,
  };
  return state;
}

import { ATTRIBUTES, METRICS, SPANS } from "@selvedge/protocol";
import type { Served } from "../serving/served.ts";
import type { AnsweredCall } from "./answered-call.ts";
import { contextUnder, type PageSpan, type PageTracer } from "./page-tracer.ts";
import { RandomIds } from "./random-ids.ts";
import type { Recorder, Subject } from "./recorder.ts";
import {
  parseTraceparent,
  RANDOM,
  readTracestate,
  SAMPLED,
  type SpanRef,
  type TraceParent,
  toTraceparent,
} from "./trace-context.ts";

/** What may become a span. */
export type Operation = keyof typeof SPANS;

/** What is known of an operation when it is over. */
export interface Outcome {
  /** What answered, or was loaded. */
  readonly served?: Served;
  /** The answer to a prediction. */
  readonly call?: Pick<AnsweredCall, "id" | "timings">;
  /** Of what failed, as far as it is known. */
  readonly subject?: Partial<Subject>;
  readonly error?: unknown;
  /** When it was over, by `performance.now()`; absent: now. */
  readonly endedAt?: number;
}

/** How an operation began. */
export interface Began {
  readonly operation: Operation;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** By `performance.now()`. */
  readonly calledAt: number;
  /** What the page's tracer has begun for it already. */
  readonly span?: PageSpan;
}

/** An operation that is over, and is to be told as a span with its stages. */
export interface Finished extends Began, Outcome {
  readonly ref: SpanRef;
  /** The span it lies under. */
  readonly parentId?: string | undefined;
  readonly state?: string | undefined;
  readonly durationMs: number;
}

/** An operation under way. */
export interface OpenSpan {
  /** What to hand to others that work for it; absent where a tracer names no trace. */
  readonly traceparent?: string;
  /** Called once, when it is over. */
  end(outcome: Outcome): void;
}

/** How operations are traced. */
export interface TracingOptions {
  /** The share of predictions that become spans where nobody has decided. */
  readonly sample: number;
  /** Takes the spans. */
  readonly tracer?: PageTracer | undefined;
}

/** Loads and predictions that are kept until they are sent: with their stages they fit into a request. */
const MOST_KEPT = 40;

/**
 * Decides what becomes a span, and says what others are to call it. All that is written of spans comes
 * when they are over, and is elsewhere: this is on the way of every call.
 */
export class Tracing {
  readonly #options: TracingOptions;
  readonly #recorder: Pick<Recorder, "count">;
  readonly #onFirst: () => void;
  readonly #ids = new RandomIds();
  #finished: Finished[] = [];

  /**
   * @param recorder counts what is too much to be kept
   * @param onFirst called when something is to be sent after there was nothing
   */
  constructor(options: TracingOptions, recorder: Pick<Recorder, "count">, onFirst: () => void) {
    this.#options = options;
    this.#recorder = recorder;
    this.#onFirst = onFirst;
  }

  /**
   * Begins an operation. A tracer is asked now, while what the page does is active; what goes wrong in
   * it must not fail the call.
   */
  begin(operation: Operation, parent: TraceParent): OpenSpan | undefined {
    return this.beginAt({ operation, at: Date.now(), calledAt: performance.now() }, parent);
  }

  /** Begins an operation that the page has begun already. */
  beginAt(began: Began, { traceparent, tracestate }: TraceParent): OpenSpan | undefined {
    const incoming = parseTraceparent(traceparent);
    const state = incoming && readTracestate(tracestate);
    const { tracer } = this.#options;
    if (tracer !== undefined) {
      try {
        return this.#beginWith(tracer, began, { incoming, state });
      } catch {
        return undefined;
      }
    }
    const ref = this.#newRef(began.operation, incoming);
    const parentId = incoming?.spanId;
    const isSampled = (ref.flags & SAMPLED) !== 0;
    return {
      traceparent: toTraceparent(ref),
      end: (outcome) => {
        if (isSampled)
          this.#keep({ ...began, ...outcome, ref, parentId, state, ...lasted(began, outcome) });
      },
    };
  }

  /** Takes what is to be sent. */
  take(): readonly Finished[] {
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  #beginWith(
    tracer: PageTracer,
    began: Began,
    { incoming, state }: { incoming: SpanRef | undefined; state: string | undefined },
  ): OpenSpan {
    const context = incoming && contextUnder(incoming, state);
    const options = { kind: 0, startTime: began.at };
    const span = began.span ?? tracer.startSpan(SPANS[began.operation], options, context);
    const { traceId, spanId, traceFlags } = span.spanContext();
    const own = toTraceparent({ traceId, spanId, flags: traceFlags & (SAMPLED | RANDOM) });
    // A tracer that does nothing answers with zeros: the trace goes on as it came.
    const ref = parseTraceparent(own) ?? incoming;
    return {
      ...(ref && { traceparent: toTraceparent(ref) }),
      end: (outcome) => {
        const isSampled = ref !== undefined && (ref.flags & SAMPLED) !== 0;
        const finished = isSampled && { ...began, ...outcome, ref, ...lasted(began, outcome) };
        void (finished ? endLater(tracer, span, finished) : endNow(span));
      },
    };
  }

  #newRef(operation: Operation, incoming: SpanRef | undefined): SpanRef {
    const ids = this.#ids.draw();
    const spanId = ids.slice(32);
    if (incoming !== undefined) return { ...incoming, spanId };
    const isSampled = operation === "load" || Math.random() < this.#options.sample;
    return { traceId: ids.slice(0, 32), spanId, flags: RANDOM | (isSampled ? SAMPLED : 0) };
  }

  #keep(finished: Finished): void {
    if (this.#finished.length === MOST_KEPT) {
      this.#recorder.count(METRICS.dropped, { [ATTRIBUTES.reason]: "spans" });
      return;
    }
    this.#finished.push(finished);
    if (this.#finished.length === 1) this.#onFirst();
  }
}

function lasted(
  { calledAt }: Began,
  { endedAt = performance.now() }: Outcome,
): Pick<Finished, "durationMs"> {
  return { durationMs: endedAt - calledAt };
}

/** Its own chunk, which a page that is offline may lack: the span ends all the same. Never rejects. */
async function endLater(tracer: PageTracer, span: PageSpan, finished: Finished): Promise<void> {
  try {
    const { endPageSpan } = await import("./end-page-span.ts");
    endPageSpan(tracer, span, finished);
  } catch {
    await endNow(span, finished.at + finished.durationMs);
  }
}

/** Never rejects: what goes wrong in a page's tracer is its own. */
async function endNow(span: PageSpan, endTime?: number): Promise<void> {
  try {
    span.end(endTime);
  } catch {
    // The call that it tells of was answered, or has failed, for itself.
  }
}

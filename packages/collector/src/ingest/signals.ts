import type { MetricsBatch, Store } from "../store/store.ts";
import { decodeLogs } from "./decode-logs.ts";
import { decodeMetrics } from "./decode-metrics.ts";
import { decodeTraces } from "./decode-traces.ts";
import type { MessageSchema } from "./protobuf/message-schema.ts";
import { LOGS_REQUEST, METRICS_REQUEST, TRACES_REQUEST } from "./protobuf/otlp-messages.ts";
import type { Refusals } from "./refusals.ts";
import { createAttributesMemory } from "./remember-attributes.ts";

/** What a request brought: how many items of it are kept, and what stores them. */
interface Brought {
  readonly kept: number;
  readonly refusals: Refusals;
  /** Resolves once it is durable. */
  store(): Promise<void>;
}

/** One of the signals of OTLP: how its requests are read, stored and answered. */
export interface Signal {
  readonly name: "metrics" | "logs" | "traces";
  readonly schema: MessageSchema;
  /** What `partialSuccess` calls the number of items that were refused. */
  readonly refusedField: string;
  decode(body: unknown, nowMs: number): Brought;
}

/**
 * The signals that a collector receives, by the last part of their addresses.
 *
 * @param admit what of a batch of metrics is stored
 */
export function signalsOf(
  store: Pick<Store, "ingestMetrics" | "ingestLogs" | "ingestTraces">,
  admit: (batch: MetricsBatch, nowMs: number) => MetricsBatch,
): readonly Signal[] {
  const memory = createAttributesMemory();
  return [
    {
      name: "metrics",
      schema: METRICS_REQUEST,
      refusedField: "rejectedDataPoints",
      decode: (body, nowMs) => {
        const { batches, refusals } = decodeMetrics(body, nowMs, memory);
        const kept = sum(
          batches,
          ({ histograms, counters, distributions, irregulars }) =>
            histograms.length + counters.length + distributions.length + irregulars.length,
        );
        const admitted = batches.map((batch) => admit(batch, nowMs));
        return { kept, refusals, store: () => store.ingestMetrics(admitted) };
      },
    },
    {
      name: "logs",
      schema: LOGS_REQUEST,
      refusedField: "rejectedLogRecords",
      decode: (body, nowMs) => {
        const { batches, refusals } = decodeLogs(body, nowMs);
        const kept = sum(batches, ({ records }) => records.length);
        return { kept, refusals, store: () => store.ingestLogs(batches) };
      },
    },
    {
      name: "traces",
      schema: TRACES_REQUEST,
      refusedField: "rejectedSpans",
      decode: (body, nowMs) => {
        const { batches, refusals } = decodeTraces(body, nowMs);
        const kept = sum(batches, ({ spans }) => spans.length);
        return { kept, refusals, store: () => store.ingestTraces(batches) };
      },
    },
  ];
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

import { BATCH_ID, DISTRIBUTION, type OtlpBatch, type OtlpResource } from "@selvedge/protocol";
import { isRecord } from "../is-record.ts";

/** Who is sending a batch, and until when nobody else does: by the outbox's own clock, milliseconds. */
export interface Lease {
  readonly owner: string;
  readonly until: number;
}

/** A batch that waits in the outbox. */
export type OutboxRecord = OtlpBatch & {
  /** Of its body as JSON. */
  readonly bytes: number;
  /** Points, log records or spans in it. */
  readonly items: number;
  /** By the outbox's own clock, milliseconds. */
  readonly addedAt: number;
  /** How often it was sent, or was about to be. */
  readonly tries: number;
  readonly lease?: Lease;
  /**
   * Whether it goes by itself: it names its contributor, or a request that held it with others was
   * refused.
   */
  readonly isAlone?: true;
  /** How often everything had been erased, as far as a page knew that left it here: as pages did. */
  readonly erasures?: number;
  /** What it tells was dropped, by reason: told again by another batch, should this one be dropped. */
  readonly drops?: Drops;
};

/** A batch as a page left it that went away: in one write, which asks nothing and counts nothing. */
export interface LeftBatch {
  /** Given by the store: greater than that of all that was left before. */
  readonly key?: number;
  readonly batch: OtlpBatch;
  /** By the outbox's own clock, as far as that page knew it: milliseconds. */
  readonly leftAt: number;
  /** How often everything had been erased, as far as that page knew. */
  readonly erasures: number;
}

/** Points, log records and spans that were given up, by reason. */
export type Drops = Readonly<Record<string, number>>;

/** A batch as it goes into the outbox. */
export function recordOf(batch: OtlpBatch, addedAt: number, drops?: Drops): OutboxRecord {
  const text = JSON.stringify(batch.body);
  const { byteLength } = new TextEncoder().encode(text);
  const counted = { bytes: byteLength, items: itemsOf(batch), addedAt, tries: 0 };
  return {
    ...batch,
    ...counted,
    ...(drops === undefined ? {} : { drops }),
    ...(namesContributor(text) ? { isAlone: true } : {}),
  };
}

/** What the store has, where it is a batch that can be sent. */
export function soundRecord(value: unknown): OutboxRecord | undefined {
  if (!isRecord(value)) return undefined;
  const { bytes, items, addedAt, tries } = value;
  if (![bytes, items, addedAt, tries].every(Number.isFinite)) return undefined;
  const record = value as OutboxRecord;
  try {
    // Both look into all that is looked into later.
    batchIdOf(record);
    return Number.isFinite(itemsOf(record)) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a batch, as JSON, names its contributor: nothing else goes into the same request. */
export function namesContributor(text: string): boolean {
  return text.includes(`"${DISTRIBUTION.contributor}"`);
}

/** A batch as it was handed over. */
export function batchOf({ signal, body }: OutboxRecord): OtlpBatch {
  return { signal, body } as OtlpBatch;
}

/** How many points, log records or spans a batch holds. */
export function itemsOf(batch: OtlpBatch): number {
  const sum = (counts: readonly number[]) => counts.reduce((all, one) => all + one, 0);
  switch (batch.signal) {
    case "metrics":
      return sum(
        batch.body.resourceMetrics
          .flatMap(({ scopeMetrics }) => scopeMetrics)
          .flatMap(({ metrics }) => metrics)
          .map(({ histogram, sum, exponentialHistogram }) =>
            [histogram, sum, exponentialHistogram].reduce(
              (all, one) => all + (one?.dataPoints.length ?? 0),
              0,
            ),
          ),
      );
    case "logs":
      return sum(
        batch.body.resourceLogs
          .flatMap(({ scopeLogs }) => scopeLogs)
          .map(({ logRecords }) => logRecords.length),
      );
    case "traces":
      return sum(
        batch.body.resourceSpans
          .flatMap(({ scopeSpans }) => scopeSpans)
          .map(({ spans }) => spans.length),
      );
  }
}

/** What made a batch: the first resource that it names. */
export function resourceOf(batch: OtlpBatch): OtlpResource | undefined {
  switch (batch.signal) {
    case "metrics":
      return batch.body.resourceMetrics[0]?.resource;
    case "logs":
      return batch.body.resourceLogs[0]?.resource;
    case "traces":
      return batch.body.resourceSpans[0]?.resource;
  }
}

/** The id by which a collector tells a repeat of a batch; empty where it has none. */
export function batchIdOf(batch: OtlpBatch): string {
  const attributes = resourceOf(batch)?.attributes ?? [];
  return attributes.find(({ key }) => key === BATCH_ID)?.value.stringValue ?? "";
}

/** One request that holds several batches of one signal, each with the resource and the id it has. */
export function merged(batches: readonly [OtlpBatch, ...OtlpBatch[]]): OtlpBatch {
  switch (batches[0].signal) {
    case "metrics": {
      const all = batches.flatMap((one) => (one.signal === "metrics" ? [one.body] : []));
      const resourceMetrics = all.flatMap((body) => body.resourceMetrics);
      return { signal: "metrics", body: { resourceMetrics } };
    }
    case "logs": {
      const all = batches.flatMap((one) => (one.signal === "logs" ? [one.body] : []));
      return { signal: "logs", body: { resourceLogs: all.flatMap((body) => body.resourceLogs) } };
    }
    case "traces": {
      const all = batches.flatMap((one) => (one.signal === "traces" ? [one.body] : []));
      const resourceSpans = all.flatMap((body) => body.resourceSpans);
      return { signal: "traces", body: { resourceSpans } };
    }
  }
}

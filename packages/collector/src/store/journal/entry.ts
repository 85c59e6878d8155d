import type { LogsBatch, MetricsBatch, SpansBatch } from "../store.ts";
import { type FormerBatch, readFormerBatch } from "./former-entry.ts";
import { type PackedPoints, packPoints, unpackPoints } from "./packed-points.ts";

/** A batch as the journal has it. */
export type Entry =
  | { readonly signal: "metrics"; readonly batch: MetricsBatch }
  | { readonly signal: "logs"; readonly batch: LogsBatch }
  | { readonly signal: "traces"; readonly batch: SpansBatch };

/** The line of JSON that a batch of metrics begins with; its numbers follow, each 64 bits. */
interface MetricsLine {
  readonly signal: "metrics";
  /** Without histograms and counters. */
  readonly batch: MetricsBatch;
  readonly points: Omit<PackedPoints, "numbers">;
}

type FormerLine = { readonly signal: "metrics" } & FormerBatch;

const LINE_END = "\n".charCodeAt(0);

/** Writes an entry as a line of JSON and, for the points that nearly all is of, numbers behind it. */
export function encodeEntry(entry: Entry): Buffer {
  if (entry.signal !== "metrics") return Buffer.from(JSON.stringify(entry));
  const { numbers, ...points } = packPoints(entry.batch);
  const batch: MetricsBatch = { ...entry.batch, histograms: [], counters: [] };
  const line: MetricsLine = { signal: "metrics", batch, points };
  // In the order of bytes of this machine, which a journal does not leave.
  return Buffer.concat([Buffer.from(`${JSON.stringify(line)}\n`), Buffer.from(numbers.buffer)]);
}

/**
 * Reads what `encodeEntry` wrote, of this version or of former ones.
 *
 * @throws Error where it is of a later one
 */
export function decodeEntry(bytes: Buffer): Entry {
  const end = bytes.indexOf(LINE_END);
  const text = bytes.toString("utf8", 0, end === -1 ? bytes.length : end);
  const line: MetricsLine | FormerLine | Exclude<Entry, { signal: "metrics" }> = JSON.parse(text);
  if (line.signal === "logs" || line.signal === "traces") return line;
  if (line.signal !== "metrics") throw new Error("a journal's entry is of no known signal");
  if (!("points" in line)) return { signal: "metrics", batch: readFormerBatch(line) };
  // Copied, for numbers begin at a multiple of their size.
  const numbers = new Float64Array(Uint8Array.from(bytes.subarray(end + 1)).buffer);
  const points = unpackPoints({ ...line.points, numbers });
  return { signal: "metrics", batch: { ...line.batch, ...points } };
}

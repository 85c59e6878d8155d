/**
 * A collector that asks for more is tried again after this. A device that was given a wrong number must
 * not be silent for good.
 */
const LONGEST_WAIT_MS = 24 * 60 * 60_000;

/** What is wrong with a batch itself, which neither time nor a mended address or token will heal. */
const PERMANENT: readonly number[] = [400, 413, 415, 422];

/** What says that a collector cannot take anything just now, whatever it is sent. */
const BUSY: readonly number[] = [429, 502, 503, 504];

/** What came of a request. */
export type Answer =
  /** Acknowledged, but for so many points, log records or spans: those no one will ever take. */
  | { readonly kind: "taken"; readonly rejected: number }
  /** Never to be sent again as it is. */
  | { readonly kind: "refused"; readonly status: number }
  /** To be tried again, not before a while; where the collector has said so, not even when flushed. */
  | {
      readonly kind: "later";
      readonly isAsked: boolean;
      readonly atLeastMs: number;
      /** Whether what was sent may be what the collector fails on: others are let past. */
      readonly isSuspect: boolean;
    };

/** Nothing was answered. */
export const UNANSWERED: Answer = {
  kind: "later",
  isAsked: false,
  atLeastMs: 0,
  isSuspect: false,
};

/**
 * Reads what a collector answered.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
export async function readAnswer(response: Response): Promise<Answer> {
  // Read in any case: a body that is cancelled looks like a failure in devtools.
  const text = await response.text();
  const { ok, status, headers } = response;
  // A hotel's or a train's page in place of a collector: no collector answers in HTML.
  const isWebPage = headers.get("content-type")?.startsWith("text/html") === true;
  if (ok && !isWebPage) return { kind: "taken", rejected: rejectedIn(text) };
  if (PERMANENT.includes(status)) return { kind: "refused", status };
  const isSuspect = status >= 500 && !BUSY.includes(status);
  return { kind: "later", isAsked: !ok, atLeastMs: retryAfterMs(headers), isSuspect };
}

/** Seconds or a date, as HTTP has it; 0 where the header is not there or says neither. */
function retryAfterMs(headers: Headers): number {
  const value = headers.get("retry-after") ?? "";
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), LONGEST_WAIT_MS);
}

/** What a partial success leaves out. A collector that says it in another way has taken all. */
function rejectedIn(text: string): number {
  try {
    const { partialSuccess = {} } = JSON.parse(text);
    const { rejectedDataPoints, rejectedLogRecords, rejectedSpans } = partialSuccess;
    const rejected = Number(rejectedDataPoints ?? rejectedLogRecords ?? rejectedSpans ?? 0);
    return Number.isSafeInteger(rejected) ? Math.max(0, rejected) : 0;
  } catch {
    return 0;
  }
}

import { SelvedgeError, segmentPath } from "@selvedge/protocol";
import type { Answer } from "./answer.ts";
import type { Network } from "./network.ts";
import type { Pace } from "./pace.ts";
import { request } from "./request.ts";
import type { Job, SegmentState } from "./segment-queue.ts";
import { patienceMs } from "./stall-guard.ts";

/** An answer, and where in the segment it begins. */
export interface Opened {
  readonly answer: Answer;
  readonly position: number;
  /** Whether it is what a range was asked for with. */
  readonly isRange: boolean;
}

/** The host's ranges have proved useless: what is wanted has to be taken from the whole segment. */
export class UselessRange extends Error {
  /** From now on the whole segment is asked for. */
  constructor(segment: SegmentState) {
    super(`Ranges of ${segment.sha256} are of no use.`);
    segment.hasRange = false;
  }
}

/** The host of a model's segments. */
export class SegmentSource {
  readonly #registry: string;
  readonly #name: string;
  readonly #network: Network;
  readonly #pace: Pace;

  constructor(
    { registry, name, network }: { registry: string; name: string; network: Network },
    pace: Pace,
  ) {
    this.#registry = registry;
    this.#name = name;
    this.#network = network;
    this.#pace = pace;
  }

  /** What to call a segment in errors. */
  about({ sha256 }: { sha256: string }): { document: string; url: string } {
    const url = this.#registry + segmentPath(this.#name, sha256);
    return { document: `model bytes of ${this.#name}`, url };
  }

  /**
   * Asks for what a job lacks, from the byte on that it has come to, and learns what the host can do.
   *
   * @throws UselessRange where the host will not give it by range; and as `request` throws
   */
  async open(job: Job, signal: AbortSignal, cache: RequestCache = "default"): Promise<Opened> {
    const { segment, pieces } = job;
    const { now, stallMs } = this.#network;
    const about = this.about(segment);
    const first = (pieces[0]?.start ?? 0) + (job.part?.filled ?? 0);
    const end = pieces.at(-1)?.end ?? first;
    const isWhole = segment.hasRange === false || (first === 0 && end === segment.bytes);
    const askedAt = now();
    let answer: Answer;
    try {
      answer = await request(about.url, {
        ...about,
        network: this.#network,
        signal,
        // Chromium has ranges of one address wait for each other, unless its cache is left out.
        cache: segment.hasRange && this.#pace.lanes > 1 && cache === "default" ? "no-store" : cache,
        headers: isWhole ? {} : rangeHeaders(segment, first, end),
        stallMs: patienceMs(stallMs, this.#pace.roundTripMs),
      });
    } catch (error) {
      // Where the registry leads elsewhere by now, it may be what the request failed for.
      segment.etag = undefined;
      const isRefused = error instanceof SelvedgeError && error.detail["status"] === 416;
      throw isRefused && !isWhole ? new UselessRange(segment) : error;
    }
    this.#pace.answered(now() - askedAt);
    const isRange = answer.status === 206;
    const position = isRange ? (startOf(answer) ?? (isWhole ? 0 : first)) : 0;
    if (!isWhole) segment.hasRange = isRange;
    this.#learnEtag(segment, answer);
    if (position <= first) return { answer, position, isRange: isRange && !isWhole };
    answer.end();
    if (!isWhole) throw new UselessRange(segment);
    throw new SelvedgeError(
      "response-invalid",
      `${about.document}: ${about.url} was asked for everything and answered with bytes from ${position}. Mend the host's Range support, or turn it off.`,
      { detail: { url: about.url } },
    );
  }

  /**
   * Keeps what lets the next range be of the same bytes as this one. Only where both the address and
   * what answered are of the page's own origin: elsewhere If-Range would make the browser ask the host
   * for permission first, which static hosts seldom give. There the digest of each piece is the judge,
   * as it is in any case.
   */
  #learnEtag(segment: SegmentState, answer: Answer): void {
    const { url } = this.about(segment);
    const isOwn = [url, answer.url || url].every(
      (address) => new URL(address).origin === this.#network.origin,
    );
    const etag = answer.headers.get("ETag") ?? "";
    if (isOwn && etag.startsWith('"') && !isEncoded(answer)) segment.etag ??= etag;
  }
}

/** Whether a body was compressed on its way. A range of one is of the compressed bytes, or not. */
export function isEncoded({ headers }: Answer): boolean {
  return !["", "identity"].includes(headers.get("Content-Encoding") ?? "");
}

function rangeHeaders(segment: SegmentState, start: number, end: number): Record<string, string> {
  const range = { Range: `bytes=${start}-${end - 1}` };
  return segment.etag === undefined ? range : { ...range, "If-Range": segment.etag };
}

/** Where a partial answer begins by its own account; across origins the header may be hidden. */
function startOf({ headers }: Answer): number | undefined {
  const start = /^bytes (\d+)-/.exec(headers.get("Content-Range") ?? "")?.[1];
  return start === undefined ? undefined : Number(start);
}

import { channelsPath, encodeChannels, manifestPath, segmentPath } from "@selvedge/protocol";
import type { BuiltPack } from "../store/pack.fixture.ts";
import type { PackSelector } from "../worker/keeper-api.ts";

/** Where the registry of a test lies. */
export const REGISTRY = "https://registry.test/models/";

/** A selector of the model that tests use. */
export function select(selector: Partial<PackSelector> = {}): PackSelector {
  return {
    registry: REGISTRY,
    name: "tiny",
    channel: "stable",
    dtype: "auto",
    backend: "wasm",
    features: [],
    ...selector,
  };
}

/** A request as it reached the registry. */
export interface SeenRequest {
  /** Below the registry. */
  readonly path: string;
  /** Bytes `[start, end)` that were asked for. */
  readonly range: readonly [start: number, end: number] | undefined;
  readonly cache: RequestCache;
  readonly headers: Headers;
  readonly signal: AbortSignal | undefined;
}

/** How a body is sent. */
export interface Delivery {
  /** The connection closes, or breaks, after this many bytes. */
  readonly cutAt?: number;
  readonly cut?: "closes" | "breaks";
  /** Headers beside those that a host sends anyway, or in their place. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Called before each chunk, with the bytes sent so far. */
  readonly onChunk?: (sent: number) => void | Promise<void>;
}

/** Static files behind `fetch`, which can be made to misbehave request by request. */
export class FakeRegistry {
  readonly files: Map<string, Uint8Array<ArrayBuffer>> = new Map();
  readonly requests: SeenRequest[] = [];
  /** Answers instead of the files, where it answers at all. */
  intercept: (request: SeenRequest) => Response | undefined | Promise<Response | undefined> = () =>
    undefined;

  /** @param packs served by the channel `stable`, the last of a name in force */
  constructor(packs: readonly BuiltPack[]) {
    for (const pack of packs) this.publish(pack);
  }

  publish({ manifest, text, digest, segment }: BuiltPack): void {
    const { name, version, segments } = manifest;
    this.write(manifestPath(name, version), text);
    for (const { sha256 } of segments) this.files.set(segmentPath(name, sha256), segment);
    const channels = {
      stable: [{ version, manifest: digest, buckets: [0, 10_000] as [number, number] }],
    };
    const issued = "2026-01-01T00:00:00Z";
    const expires = "2036-01-01T00:00:00Z";
    this.write(
      channelsPath(name),
      JSON.stringify(encodeChannels({ name, sequence: 1, issued, expires, channels })),
    );
  }

  write(path: string, text: string): void {
    this.files.set(path, new TextEncoder().encode(text));
  }

  /** Requests for model bytes. */
  get segmentRequests(): SeenRequest[] {
    return this.requests.filter(({ path }) => path.includes("/segments/"));
  }

  /** Stands in for `fetch`. */
  readonly fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.get("range") ?? "");
    const request: SeenRequest = {
      path: String(input).slice(REGISTRY.length),
      range: range === null ? undefined : [Number(range[1]), Number(range[2]) + 1],
      cache: init.cache ?? "default",
      headers,
      signal: init.signal ?? undefined,
    };
    this.requests.push(request);
    request.signal?.throwIfAborted();
    return (await this.intercept(request)) ?? this.answer(request);
  };

  /** What a well-behaved host answers. */
  answer(request: SeenRequest, delivery: Delivery = {}): Response {
    const file = this.files.get(request.path);
    if (file === undefined) return new Response("no such file", { status: 404 });
    const { range } = request;
    const bytes = range === undefined ? file : file.slice(...range);
    const body = stream(bytes, request.signal, delivery);
    if (range === undefined) return new Response(body, { headers: delivery.headers ?? {} });
    const contentRange = `bytes ${range[0]}-${range[1] - 1}/${file.byteLength}`;
    const headers = { "Content-Range": contentRange, ...delivery.headers };
    return new Response(body, { status: 206, headers });
  }

  /** What a host without Range support answers: everything. */
  answerWhole(request: SeenRequest, delivery: Delivery = {}): Response {
    return this.answer({ ...request, range: undefined }, delivery);
  }

  /** What a host answers that has other bytes than it should: those at `offsets` are flipped. */
  answerWrongly(
    request: SeenRequest,
    offsets: readonly number[],
    delivery: Delivery = {},
  ): Response {
    const right = this.files.get(request.path) ?? new Uint8Array();
    const wrong = right.slice();
    for (const offset of offsets) wrong[offset] = (wrong[offset] ?? 0) ^ 1;
    this.files.set(request.path, wrong);
    try {
      return this.answer(request, delivery);
    } finally {
      this.files.set(request.path, right);
    }
  }
}

function stream(
  bytes: Uint8Array<ArrayBuffer>,
  signal: AbortSignal | undefined,
  { cutAt = Number.POSITIVE_INFINITY, cut = "closes", onChunk }: Delivery,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  // A size that no piece is a multiple of.
  const chunkBytes = 100_003;
  let sent = 0;
  return new ReadableStream(
    {
      start(controller) {
        signal?.addEventListener("abort", () => controller.error(signal.reason));
      },
      async pull(controller) {
        await onChunk?.(sent);
        if (signal?.aborted) return;
        const until = Math.min(sent + chunkBytes, cutAt, bytes.byteLength);
        if (until > sent) controller.enqueue(bytes.slice(sent, until));
        sent = until;
        if (sent === cutAt && cut === "breaks") controller.error(new TypeError("connection reset"));
        else if (sent === cutAt || sent === bytes.byteLength) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip, gunzipSync } from "node:zlib";
import { SelvedgeError } from "@selvedge/protocol";
import { busy, type HeldBytes } from "./byte-budget.ts";
import type { TakeTurns } from "./take-turns.ts";

/** The most bytes of a body as sent with gzip, and as it is without. */
const MAX_COMPRESSED_BYTES = 1024 * 1024;
const MAX_BYTES = 8 * 1024 * 1024;

/** How much of a body that is too large is read away, so that its sender can read the answer. */
const MAX_DISCARDED_BYTES = 32 * 1024 * 1024;

/** What is unpacked at a time: each piece is a turn of a thread and of the loop, and most bodies are one. */
const PIECE_BYTES = 128 * 1024;

/**
 * Bodies that are unpacked where they are read, as nearly all are: it takes a millisecond at most, and
 * handing them to another thread and back takes longer than unpacking them.
 */
const SMALL_PACKED_BYTES = 64 * 1024;
const SMALL_BYTES = 512 * 1024;

const gunzipAsync = promisify(gunzip);

/** What bodies of several requests share. */
export interface BodyLimits {
  /** Of what this request holds. */
  readonly held: HeldBytes;
  /** Unpacking, of which a few at a time hold what comes out of it. */
  readonly unpackInTurn: TakeTurns;
}

/**
 * Reads the body of a request, unpacking gzip.
 *
 * @throws SelvedgeError `telemetry-too-large`; `telemetry-invalid` where it is cut short or no gzip;
 * `unsupported` for another encoding; Refused where there is no room for it now.
 */
export async function readBody(
  request: IncomingMessage,
  { held, unpackInTurn }: BodyLimits,
): Promise<Buffer> {
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding !== "gzip" && encoding !== "identity" && encoding !== "")
    throw new SelvedgeError(
      "unsupported",
      "The content-encoding is not supported. Send the body as it is, or with gzip.",
    );
  const isPacked = encoding === "gzip";
  const bytes = await collect(request, isPacked ? MAX_COMPRESSED_BYTES : MAX_BYTES, held);
  if (!isPacked) return bytes;
  const hold = (unpacked: Buffer): Buffer => {
    if (!held.take(unpacked.length)) throw busy();
    return unpacked;
  };
  const small = unpackSmall(bytes);
  if (small !== undefined) return hold(small);
  return unpackInTurn(async () => hold(await unpack(bytes)));
}

async function collect(
  request: IncomingMessage,
  limitBytes: number,
  held: HeldBytes,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const outcome: { refusal?: Error } = {};
  const refuse = (refusal: Error): void => {
    outcome.refusal ??= refusal;
    chunks.length = 0;
    held.release();
  };
  held.whenGivenUp(() => refuse(busy()));
  let size = 0;
  try {
    for await (const chunk of request) {
      if (!Buffer.isBuffer(chunk)) continue;
      size += chunk.length;
      if (size > limitBytes) refuse(tooLarge(limitBytes));
      else if (outcome.refusal === undefined && !held.take(chunk.length)) refuse(busy());
      if (outcome.refusal === undefined) chunks.push(chunk);
      if (size > MAX_DISCARDED_BYTES) break;
    }
  } catch (cause) {
    throw new SelvedgeError("telemetry-invalid", "The body was cut short.", { cause });
  }
  if (outcome.refusal !== undefined) throw outcome.refusal;
  held.arrived();
  return Buffer.concat(chunks, size);
}

/** What a small body unpacks to; `undefined` where it, or what it unpacks to, is not small. */
function unpackSmall(bytes: Buffer): Buffer | undefined {
  if (bytes.length > SMALL_PACKED_BYTES) return undefined;
  try {
    return gunzipSync(bytes, { maxOutputLength: SMALL_BYTES, chunkSize: PIECE_BYTES });
  } catch (cause) {
    if (isTooLarge(cause)) return undefined;
    throw noGzip(cause);
  }
}

async function unpack(bytes: Buffer): Promise<Buffer> {
  try {
    return await gunzipAsync(bytes, { maxOutputLength: MAX_BYTES, chunkSize: PIECE_BYTES });
  } catch (cause) {
    throw isTooLarge(cause) ? tooLarge(MAX_BYTES) : noGzip(cause);
  }
}

function isTooLarge(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE";
}

function noGzip(cause: unknown): SelvedgeError {
  return new SelvedgeError("telemetry-invalid", "The body is not valid gzip.", { cause });
}

function tooLarge(limitBytes: number): SelvedgeError {
  return new SelvedgeError(
    "telemetry-too-large",
    `The body is larger than ${limitBytes} bytes. Send smaller batches.`,
    { detail: { limitBytes } },
  );
}

import { SelvedgeError, segmentPath, sha256 } from "@selvedge/protocol";
import type { Piece } from "../store/pieces.ts";
import type { RangeRequest, WantedPiece } from "./plan.ts";
import { networkError, request } from "./request.ts";

/**
 * Fetches one range of a segment, or the whole segment from a host without Range, and yields its
 * pieces one by one, each checked against its digest. A piece that does not match is asked for once
 * more, past every cache, before the host is taken to be wrong.
 *
 * @throws SelvedgeError `integrity` for bytes that are not what the manifest says, `network` for a
 * body that ends early, `response-invalid` for a web page, and whatever `request` throws.
 */
export async function* fetchPieces(
  range: RangeRequest,
  { registry, name, signal }: { registry: string; name: string; signal: AbortSignal },
): AsyncGenerator<Piece> {
  const url = registry + segmentPath(name, range.segment.sha256);
  const document = `model bytes of ${name}`;
  for await (const { piece, bytes } of readRange(range, { url, document, signal })) {
    if ((await sha256(bytes)) === piece.digest) {
      yield { key: piece.key, bytes };
      continue;
    }
    const again = readRange(
      { segment: range.segment, pieces: [piece] },
      { url, document, signal, cache: "reload" },
    );
    for await (const { bytes: second } of again) {
      if ((await sha256(second)) !== piece.digest)
        throw new SelvedgeError(
          "integrity",
          `${document}: bytes ${piece.start}–${piece.end - 1} of ${url} are not what the manifest says, twice. Nothing of them was kept; publish the version again.`,
          { detail: { url, start: piece.start, end: piece.end } },
        );
      yield { key: piece.key, bytes: second };
    }
  }
}

async function* readRange(
  { segment, pieces }: RangeRequest,
  {
    url,
    document,
    signal,
    cache = "default",
  }: { url: string; document: string; signal: AbortSignal; cache?: RequestCache },
): AsyncGenerator<{ piece: WantedPiece; bytes: ArrayBuffer }> {
  const start = pieces[0].start;
  const end = (pieces.at(-1) ?? pieces[0]).end;
  // An empty blob has no range that could be asked for.
  if (end === start) {
    for (const piece of pieces) yield { piece, bytes: new ArrayBuffer(0) };
    return;
  }
  const isWhole = start === 0 && end === segment.bytes;
  const response = await request(url, {
    document,
    signal,
    cache,
    headers: isWhole ? {} : { Range: `bytes=${start}-${end - 1}` },
  });
  // What a host for single-page apps answers in place of a file it lacks.
  if (response.headers.get("Content-Type")?.startsWith("text/html") === true) {
    await response.body?.cancel();
    throw new SelvedgeError(
      "response-invalid",
      `${document}: ${url} answered with a web page. Check that the registry address is right and that its host answers 404 for what it lacks.`,
      { detail: { url } },
    );
  }
  let position = response.status === 206 ? rangeStart(response, start, { url, document }) : 0;
  const reader = response.body?.getReader();
  if (reader === undefined) throw truncated(url, document, position, end);
  try {
    let filled = 0;
    let index = 0;
    let buffer = new Uint8Array(pieces[0].end - pieces[0].start);
    while (index < pieces.length) {
      const { done, value } = await reader.read();
      if (done) throw truncated(url, document, position, end);
      let offset = Math.max(0, start - position);
      position += value.byteLength;
      while (offset <= value.byteLength) {
        const piece = pieces[index];
        if (piece === undefined) break;
        const part = value.subarray(offset, offset + buffer.byteLength - filled);
        buffer.set(part, filled);
        filled += part.byteLength;
        offset += part.byteLength;
        if (filled < buffer.byteLength) break;
        yield { piece, bytes: buffer.buffer };
        index += 1;
        filled = 0;
        const next = pieces[index];
        buffer = new Uint8Array(next === undefined ? 0 : next.end - next.start);
      }
    }
  } catch (cause) {
    throw networkError(cause, { document, url, signal });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Where a partial answer begins, which must not be past what was asked for. */
function rangeStart(
  response: Response,
  asked: number,
  { url, document }: { url: string; document: string },
): number {
  const start = /^bytes (\d+)-/.exec(response.headers.get("Content-Range") ?? "")?.[1];
  // Across origins the header may be hidden; the digest of each piece is the judge in any case.
  if (start === undefined) return asked;
  if (Number(start) === asked) return asked;
  throw new SelvedgeError(
    "response-invalid",
    `${document}: ${url} was asked for bytes from ${asked} and answered with bytes from ${start}. The host's Range support is broken.`,
  );
}

function truncated(url: string, document: string, got: number, wanted: number): SelvedgeError {
  return new SelvedgeError(
    "network",
    `${document}: ${url} ended at byte ${got} of ${wanted}. What was complete is kept; load again to fetch the rest.`,
    { detail: { url, got, wanted } },
  );
}

import { SelvedgeError } from "@selvedge/protocol";
import type { Answer } from "./answer.ts";
import type { WantedPiece } from "./plan.ts";
import type { Job } from "./segment-queue.ts";

/**
 * Cuts the pieces of a job out of an answer, as it comes, and yields each when it is complete, before
 * anything is known of its bytes. The job keeps whatever has not been taken off it when the answer
 * breaks off, and the part that came of its first piece.
 *
 * @param options.position where in the segment the answer begins, which is not past the first piece
 * @param options.room waits until a buffer may be made
 * @throws SelvedgeError `network` for an answer that ends early
 */
export async function* cutPieces(
  job: Job,
  {
    answer,
    position,
    room,
    onBytes,
    about: { document, url },
  }: {
    answer: Answer;
    position: number;
    room: (bytes: number) => Promise<void>;
    onBytes: (bytes: number) => void;
    about: { document: string; url: string };
  },
): AsyncGenerator<WantedPiece> {
  let at = position;
  // A manifest may name the same bytes twice; what the answer has passed is for another one.
  const passed: WantedPiece[] = [];
  try {
    while (job.pieces.length > 0) {
      let chunk = await answer.read();
      if (chunk === undefined) throw truncated({ document, url, at, job });
      onBytes(chunk.byteLength);
      for (let piece = job.pieces[0]; piece !== undefined; piece = job.pieces[0]) {
        const skip = piece.start + (job.part?.filled ?? 0) - at;
        if (skip < 0) {
          passed.push(piece);
          job.pieces.shift();
          continue;
        }
        if (skip >= chunk.byteLength) break;
        if (job.part === undefined) {
          const bytes = piece.end - piece.start;
          await room(bytes);
          job.part = { bytes: new Uint8Array(bytes), filled: 0 };
        }
        const { part } = job;
        const came = chunk.subarray(skip, skip + part.bytes.byteLength - part.filled);
        part.bytes.set(came, part.filled);
        part.filled += came.byteLength;
        at += skip + came.byteLength;
        chunk = chunk.subarray(skip + came.byteLength);
        if (part.filled < part.bytes.byteLength) break;
        yield piece;
      }
      at += chunk.byteLength;
    }
  } finally {
    job.pieces.push(...passed);
  }
}

function truncated({
  document,
  url,
  at,
  job,
}: {
  document: string;
  url: string;
  at: number;
  job: Job;
}): SelvedgeError {
  const wanted = job.pieces.at(-1)?.end ?? at;
  return new SelvedgeError(
    "network",
    `${document}: ${url} ended at byte ${at} of ${wanted}. What was complete is kept; load again to fetch the rest.`,
    { detail: { url, got: at, wanted } },
  );
}

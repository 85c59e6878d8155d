/** The unit of download, verification and storage: 1 MiB. The last piece of a blob may be shorter. */
export const PIECE_BYTES: number = 1024 * 1024;

/** How many pieces a blob of this many bytes has; an empty blob has one, empty. */
export function pieceCount(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / PIECE_BYTES));
}

/** Where piece `index` of a blob begins and ends, in bytes from the blob's start. */
export function pieceRange(bytes: number, index: number): { start: number; end: number } {
  return { start: index * PIECE_BYTES, end: Math.min(bytes, (index + 1) * PIECE_BYTES) };
}

/**
 * Frees a buffer that nobody reads any more, where the browser can: a worker that waits for messages
 * collects no garbage. What was hashed, or came from a stream, Chromium holds until a collection all the
 * same: see `Hasher`.
 */
export function giveUp(buffer: ArrayBuffer & { transfer?(bytes: number): ArrayBuffer }): void {
  // Equal tensors may be one buffer, which cannot be given up twice.
  if (buffer.byteLength > 0) buffer.transfer?.(0);
}

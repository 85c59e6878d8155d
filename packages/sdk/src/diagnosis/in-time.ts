/** What came of something that was asked, and may never have been answered. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

/** Asks, and waits so long at most. Never rejects: a diagnosis says what is wrong, not that it is. */
export async function inTime<T>(timeoutMs: number, ask: () => Promise<T>): Promise<Answer<T>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const reason = `not answered within ${timeoutMs / 1000} s`;
    timer = setTimeout(() => reject(new Error(reason)), timeoutMs);
  });
  try {
    return { ok: true, value: await Promise.race([ask(), late]) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

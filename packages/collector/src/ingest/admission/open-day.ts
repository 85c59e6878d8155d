const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * How long after midnight, in UTC, a day still takes what is told of it. It is read an hour later at the
 * earliest (`read-days.ts`), so that whatever was on its way into the store is there by then.
 */
const OPEN_AFTER_MS = 60 * 60 * 1000;

/**
 * When a count of a distribution or of feedback is taken to be from: when its device says, while that day is open, and
 * otherwise when it arrived. A day of which something may have been said never grows, in this process
 * or the next: the difference would tell of the few who came late. It takes no memory of what was said.
 */
export function openDay({ timeMs }: { readonly timeMs: number }, nowMs: number): number {
  const day = timeMs - (timeMs % DAY_MS);
  const isOpen = nowMs < day + DAY_MS + OPEN_AFTER_MS && day <= nowMs;
  return isOpen ? timeMs : nowMs;
}

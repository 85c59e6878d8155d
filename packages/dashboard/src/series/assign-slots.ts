/** How many series have a colour of their own; more could not be told apart. */
export const SLOT_COUNT = 7;

/** From a series' key to its colour, 0 to {@link SLOT_COUNT} − 1. A key without one shares the grey. */
export type Slots = ReadonlyMap<string, number>;

/**
 * Gives the first {@link SLOT_COUNT} keys a colour each. A key that had one keeps it, so that
 * nothing changes colour between two refreshes.
 */
export function assignSlots(previous: Slots, keys: readonly string[]): Slots {
  const shown = keys.slice(0, SLOT_COUNT);
  const kept = new Map<string, number>();
  for (const key of shown) {
    const slot = previous.get(key);
    if (slot !== undefined) kept.set(key, slot);
  }
  const taken = new Set(kept.values());
  const free = Array.from({ length: SLOT_COUNT }, (_, slot) => slot).filter(
    (slot) => !taken.has(slot),
  );
  for (const key of shown) {
    if (kept.has(key)) continue;
    const slot = free.shift();
    if (slot !== undefined) kept.set(key, slot);
  }
  return kept;
}

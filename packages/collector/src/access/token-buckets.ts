/** How often something may be done: so many a second, and so many at once after a rest. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Takes one from the bucket of a key: 0 where there was one, otherwise seconds until there is. */
export type TakeFromBucket = (key: string) => number;

interface Bucket {
  level: number;
  atMs: number;
}

/** Keys that are remembered; whoever comes from more addresses than that finds full buckets. */
const MAX_KEYS = 50_000;

/**
 * Makes a token bucket for each key. Memory is bounded: the key that was used longest ago is forgotten.
 *
 * @param now milliseconds of a clock that only goes forward
 */
export function createTokenBuckets(
  { perSecond, burst }: Rate,
  now: () => number = () => performance.now(),
): TakeFromBucket {
  const buckets = new Map<string, Bucket>();
  return (key) => {
    const atMs = now();
    const last = buckets.get(key) ?? { level: burst, atMs };
    const level = Math.min(burst, last.level + ((atMs - last.atMs) / 1000) * perSecond);
    const isTaken = level >= 1;
    // Set anew, so that the order of the map is that of use.
    buckets.delete(key);
    buckets.set(key, { level: isTaken ? level - 1 : level, atMs });
    if (buckets.size > MAX_KEYS) forgetOldest(buckets);
    return isTaken ? 0 : (1 - level) / perSecond;
  };
}

function forgetOldest(buckets: Map<string, Bucket>): void {
  for (const key of buckets.keys()) {
    buckets.delete(key);
    return;
  }
}

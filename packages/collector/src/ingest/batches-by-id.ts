/** What a request brought, gathered under the batch ids it named. */
export interface BatchesById<T> {
  /** The batch of this id; what has none goes into one that has none. */
  of(id: string | undefined): T;
  readonly all: readonly T[];
}

/**
 * A sender may spread one batch over several resources. They are stored together, for the second
 * one would look like a repeat of the first.
 */
export function batchesById<T>(create: (id: string | undefined) => T): BatchesById<T> {
  const byId = new Map<string | undefined, T>();
  const all: T[] = [];
  return {
    all,
    of: (id) => {
      const known = byId.get(id);
      if (known !== undefined) return known;
      const batch = create(id);
      all.push(batch);
      byId.set(id, batch);
      return batch;
    },
  };
}

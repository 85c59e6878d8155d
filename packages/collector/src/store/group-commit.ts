/** Writes what arrives while a commit runs in one further commit, together. */
export interface GroupCommit<T> {
  /** Resolves once `item` is committed; rejects when it, and not merely its group, failed. */
  add(item: T): Promise<void>;
  /** Resolves when nothing is waiting or being written. */
  idle(): Promise<void>;
}

/**
 * A durable commit costs about the same for one batch as for fifty, so batches share one. Where a
 * group fails, each of its members is tried on its own: one that cannot be written sinks no other.
 *
 * @param commit writes all items or none
 * @param sizeOf what an item adds to its group, in the unit of `maxSize`
 */
export function createGroupCommit<T>({
  commit,
  sizeOf,
  maxSize,
}: {
  commit: (items: readonly T[]) => Promise<void>;
  sizeOf: (item: T) => number;
  maxSize: number;
}): GroupCommit<T> {
  interface Waiting {
    readonly item: T;
    readonly done: (outcome: Promise<void>) => void;
  }
  let waiting: Waiting[] = [];
  let running: Promise<void> | undefined;

  const takeGroup = (): Waiting[] => {
    let size = 0;
    let end = 0;
    for (const { item } of waiting) {
      size += sizeOf(item);
      if (end > 0 && size > maxSize) break;
      end += 1;
    }
    const group = waiting.slice(0, end);
    waiting = waiting.slice(end);
    return group;
  };

  const writeGroup = async (group: readonly Waiting[]): Promise<void> => {
    try {
      await commit(group.map(({ item }) => item));
      for (const { done } of group) done(Promise.resolve());
    } catch (error) {
      const [only, ...others] = group;
      if (only !== undefined && others.length === 0) only.done(Promise.reject(error));
      else for (const one of group) await writeGroup([one]);
    }
  };

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) await writeGroup(takeGroup());
    running = undefined;
  };

  return {
    add: (item) =>
      new Promise<void>((done) => {
        waiting.push({ item, done });
        // What is added in one go is written in one group.
        running ??= Promise.resolve().then(drain);
      }),
    idle: async () => {
      await running;
    },
  };
}

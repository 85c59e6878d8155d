/** Runs tasks, so many at a time, in the order they came. */
export type TakeTurns = <T>(task: () => Promise<T>) => Promise<T>;

/** Makes turns for `size` tasks at a time. */
export function createTurns(size: number): TakeTurns {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= size) await new Promise<void>((go) => waiting.push(go));
    else running += 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      // Whoever waits takes over this place, so that nobody slips in between.
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

/**
 * Runs one task at a time: a new one aborts the one before it, whose outcome nobody hears of.
 *
 * @returns a function that starts a task and says whether it was still the newest when it ended
 */
export function newestWins(): (task: (signal: AbortSignal) => Promise<void>) => Promise<boolean> {
  let current = new AbortController();
  return async (task) => {
    current.abort();
    const controller = new AbortController();
    current = controller;
    try {
      await task(controller.signal);
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    }
    return !controller.signal.aborted;
  };
}

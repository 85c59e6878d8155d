/** A timer for longer than this fires at once, in every browser. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A timer that is later than this was held up: the page was frozen, throttled, or the device asleep. */
const HELD_UP_MS = 2_000;

/** How often a deadline is given anew. A page in the background may never fire a timer on time. */
const MOST_REPRIEVES = 3;

/** What a timer runs on; a test brings its own. */
export interface TimerClock {
  readonly now: () => number;
  readonly set: (run: () => void, milliseconds: number) => ReturnType<typeof setTimeout>;
  readonly clear: (timer: ReturnType<typeof setTimeout>) => void;
}

const REAL: TimerClock = {
  now: () => performance.now(),
  set: (run, milliseconds) => setTimeout(run, milliseconds),
  clear: (timer) => clearTimeout(timer),
};

/**
 * Calls back once a while has passed in which what is waited for could have run. Where the timer fires
 * much too late, the page stood still, and most likely its workers with it: the while begins again.
 *
 * @param milliseconds more than a timer can wait for is for ever
 * @returns what ends it
 */
export function patientTimer(
  milliseconds: number,
  onDue: () => void,
  { now, set, clear }: TimerClock = REAL,
): () => void {
  if (milliseconds > LONGEST_TIMER_MS) return () => undefined;
  let reprieves = 0;
  let timer: ReturnType<typeof setTimeout>;
  const arm = () => {
    const dueAt = now() + milliseconds;
    timer = set(() => {
      if (now() - dueAt < HELD_UP_MS || ++reprieves > MOST_REPRIEVES) onDue();
      else arm();
    }, milliseconds);
  };
  arm();
  return () => clear(timer);
}

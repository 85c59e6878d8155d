import type { Drops } from "./outbox-record.ts";

/** The longest that the outbox's clock goes forward between two looks at it. */
const LONGEST_STEP_MS = 24 * 60 * 60_000;

/** Sending stands still until then: by the outbox's own clock, milliseconds. */
interface Wait {
  /** Whom it concerns. */
  readonly endpoint: string;
  readonly until: number;
  /** Tries that came to nothing, one after the other. */
  readonly failures: number;
  /** Whether the collector asked for it, and not only the network was away. */
  readonly isAsked: boolean;
}

/** What the outbox remembers beside its batches: one record of the `telemetry` store. */
export interface OutboxState {
  /** The device's clock when the outbox was last looked at: milliseconds since 1970. */
  readonly seenAt: number;
  /**
   * The outbox's own clock, milliseconds. It never goes back, and by a day at most at a time, whatever
   * the device's clock does: so no lease lasts for ever, and a device that woke in 1970 loses nothing
   * when it learns the year.
   */
  readonly clock: number;
  /** Of all batches that wait. */
  readonly bytes: number;
  /** What was given up since that was last reported. */
  readonly drops: Drops;
  /** When the last request went out, by the own clock. */
  readonly sentAt: number;
  readonly wait?: Wait;
  /** How often everything was erased: what was measured before does not come in after. */
  readonly erasures: number;
  /**
   * The last key of what pages left that has come to the outbox. What is left up to there is only still to
   * be deleted.
   */
  readonly takenIn?: number;
}

/** An outbox that was never looked at. */
export function freshState(now: number, bytes = 0): OutboxState {
  return { seenAt: now, clock: 0, bytes, drops: {}, sentAt: Number.MIN_SAFE_INTEGER, erasures: 0 };
}

/** What the store has, where it is what this version writes. */
export function soundState(value: unknown): OutboxState | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const {
    seenAt,
    clock,
    bytes,
    drops,
    sentAt,
    erasures,
    takenIn = 0,
  } = value as Partial<OutboxState>;
  const isSound =
    [seenAt, clock, bytes, sentAt, erasures, takenIn].every(Number.isFinite) &&
    Object.values(Object(drops)).every(Number.isFinite);
  return isSound ? (value as OutboxState) : undefined;
}

/** Lets the own clock go on by what the device's clock says has passed. */
export function ticked(state: OutboxState, now: number): OutboxState {
  const passed = Math.min(LONGEST_STEP_MS, Math.max(0, now - state.seenAt));
  return { ...state, seenAt: now, clock: state.clock + passed };
}

/** Counts something as given up. */
export function withDrops(state: OutboxState, drops: Drops): OutboxState {
  const all = { ...state.drops };
  for (const [reason, items] of Object.entries(drops))
    if (items > 0) all[reason] = (all[reason] ?? 0) + items;
  return { ...state, drops: all };
}

import type { AlertState } from "@selvedge/protocol";
import type { Bound } from "./alert-rule.ts";

/** What a rule found out about one thing it watches. */
export interface Reading {
  readonly labels: Readonly<Record<string, string>>;
  /** `null` where nothing, or too little, was measured. */
  readonly value: number | null;
  /** Whether it is so that the alert should fire. */
  readonly isBreach: boolean;
  /** Whether it is so good that an alert that fires may end. */
  readonly isClear: boolean;
}

/** Where one thing that a rule watches stands. */
export interface Standing {
  readonly state: AlertState;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Holds a value against a bound. */
export function readBound(
  labels: Reading["labels"],
  value: number | null,
  { side, level, clear }: Bound,
): Reading {
  if (value === null) return { labels, value, isBreach: false, isClear: false };
  return side === "above"
    ? { labels, value, isBreach: value > level, isClear: value <= clear }
    : { labels, value, isBreach: value < level, isClear: value >= clear };
}

/**
 * Where it stands next. An alert fires once it was so for `forMs`, and then goes on until its value is
 * past the level at which it clears, so that one that hovers at its bound does not come and go. Where
 * nothing is measured nothing is known, which is neither good nor bad.
 */
export function advanceAlert(
  { state, since }: Standing,
  { value, isBreach, isClear }: Pick<Reading, "value" | "isBreach" | "isClear">,
  { forMs, nowMs }: { forMs: number; nowMs: number },
): Standing {
  const next = nextState();
  return next === state ? { state, since } : { state: next, since: nowMs };

  function nextState(): AlertState {
    if (value === null) return "no-data";
    if (state === "firing") return isClear ? "ok" : "firing";
    if (!isBreach) return "ok";
    const waited = state === "pending" ? nowMs - since : 0;
    return waited >= forMs ? "firing" : "pending";
  }
}

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
  /**
   * What receivers were to be told last. All but `ok` is of an alert that fired and has not ended since,
   * though nothing may be measured of it for now.
   */
  readonly told: "ok" | "firing" | "no-data";
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
 * nothing is measured nothing is known, which is neither good nor bad: what fired before fires again
 * with its next value, unless that is past the level at which it clears.
 */
export function advanceAlert(
  { state, since, told }: Standing,
  { value, isBreach, isClear }: Pick<Reading, "value" | "isBreach" | "isClear">,
  { forMs, nowMs }: { forMs: number; nowMs: number },
): Standing {
  const next = nextState();
  return { state: next, since: next === state ? since : nowMs, told: nextTold(told, next) };

  function nextState(): AlertState {
    if (value === null) return "no-data";
    if (told !== "ok") return isClear ? "ok" : "firing";
    if (!isBreach) return "ok";
    const waited = state === "pending" ? nowMs - since : 0;
    return waited >= forMs ? "firing" : "pending";
  }
}

/** Of what fires, that it does is told once until it ends, and so is that nothing is measured any more. */
function nextTold(told: Standing["told"], state: AlertState): Standing["told"] {
  if (state === "firing") return told === "ok" ? "firing" : told;
  if (state === "no-data") return told === "firing" ? "no-data" : told;
  return "ok";
}

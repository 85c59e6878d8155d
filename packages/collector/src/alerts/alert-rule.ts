/** What a rule may watch of each version. */
export const ALERT_METRICS = [
  "failure-rate",
  "latency-p50",
  "latency-p95",
  "latency-p99",
  "memory-p95",
  "restart-rate",
  "rejection-rate",
  "accuracy",
  "predictions",
] as const;

/** A share, milliseconds, bytes, events per prediction, or predictions, by its name. */
export type AlertMetric = (typeof ALERT_METRICS)[number];

/** Where alerts are sent: JSON by POST, signed where there is a secret. */
export interface Webhook {
  readonly url: string;
  readonly secret: string | undefined;
}

interface Common {
  readonly name: string;
  readonly severity: "info" | "warning" | "critical";
  /** Of this model alone. */
  readonly model: string | undefined;
  /** How long it has to be so before the alert fires. */
  readonly forMs: number;
  readonly webhook: Webhook | undefined;
}

/** When a value is too far, and when it is far enough back: between the two, what was stays. */
export interface Bound {
  readonly side: "above" | "below";
  readonly level: number;
  readonly clear: number;
}

/** A metric of a version over a window. */
export interface ThresholdRule extends Common {
  readonly kind: "threshold";
  readonly metric: AlertMetric;
  readonly bound: Bound;
  readonly windowMs: number;
  /** Predictions, or what was judged, without which nothing is said. */
  readonly minCount: number;
}

/** A metric of a version against the window before, or against the version before. */
export interface ChangeRule extends Common {
  readonly kind: "change";
  readonly metric: AlertMetric;
  readonly against: "window-before" | "previous-version";
  /** `relative`: by which share of what it was before; `absolute`: in the metric's own unit. */
  readonly difference: "relative" | "absolute";
  readonly bound: Bound;
  readonly windowMs: number;
  readonly minCount: number;
}

/** How many times faster than its objective allows a version fails, over a long and a short window. */
export interface BurnRateRule extends Common {
  readonly kind: "burn-rate";
  /** The share of calls that are to succeed, such as 0.99. */
  readonly objective: number;
  readonly bound: Bound;
  readonly longMs: number;
  readonly shortMs: number;
  readonly minCount: number;
}

/** Features that have moved away from their baseline. */
export interface DriftRule extends Common {
  readonly kind: "drift";
  readonly baseline: "reference" | "previous";
  /** Of these features alone. */
  readonly features: readonly string[] | undefined;
  readonly windowMs: number;
  /** Called with what drifted, so that training can start. */
  readonly retrain: Webhook | undefined;
}

/** Something that is watched. */
export type AlertRule = ThresholdRule | ChangeRule | BurnRateRule | DriftRule;

/** What the section `alerts` of the collector's configuration says. */
export interface AlertsConfig {
  readonly everyMs: number;
  readonly rules: readonly AlertRule[];
}

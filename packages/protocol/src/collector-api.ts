/**
 * What the collector answers under `/api`, and the dashboard shows. Times are milliseconds since
 * 1970, durations milliseconds. Every question takes `from` and `to`, and `model` to narrow it.
 */

/** `GET /api/models`: what has been seen running. */
export interface ModelsAnswer {
  readonly models: readonly {
    readonly name: string;
    readonly versions: readonly {
      readonly version: string;
      readonly dtypes: readonly string[];
      readonly backends: readonly string[];
      readonly predictions: number;
      readonly failures: number;
      readonly firstSeen: number;
      readonly lastSeen: number;
    }[];
  }[];
}

/** `GET /api/predictions`: how many predictions each step of `stepMs` saw. */
export interface PredictionsAnswer {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  readonly series: readonly {
    readonly model: string;
    readonly version: string;
    readonly backend: string;
    /** One number a step. */
    readonly counts: readonly number[];
  }[];
}

/** Quantiles of a duration, in milliseconds. */
export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** `GET /api/latency`: how long predictions took, and loading took phase by phase. */
export interface LatencyAnswer {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  readonly predict: readonly (Quantiles & {
    readonly model: string;
    readonly version: string;
    readonly dtype: string;
    readonly backend: string;
    /** One entry a step; `null` where nothing was measured. */
    readonly steps: readonly (Quantiles | null)[];
  })[];
  readonly load: readonly (Quantiles & {
    readonly model: string;
    readonly version: string;
    readonly backend: string;
    readonly phase: string;
  })[];
}

/** `GET /api/failures`: what failed, by code. */
export interface FailuresAnswer {
  readonly failures: readonly {
    readonly model: string;
    readonly version: string;
    readonly backend: string;
    /** As in {@link HealthAnswer}. */
    readonly device: string;
    readonly operation: string;
    readonly code: string;
    readonly count: number;
    readonly lastSeen: number;
  }[];
}

/** `GET /api/health`: how each version does, by where it runs. Needs no `model`. */
export interface HealthAnswer {
  readonly groups: readonly {
    readonly model: string;
    readonly version: string;
    readonly backend: string;
    /** A browser's name and major version; `unknown` where devices did not say. */
    readonly browser: string;
    /** `desktop-high`, `desktop-low`, `mobile-high`, `mobile-low` or `unknown`. */
    readonly device: string;
    readonly predictions: number;
    /** Calls of `load` and `predict` that failed; every other kind is in `/api/failures`. */
    readonly failures: number;
    readonly loads: number;
    readonly restarts: number;
    readonly rejections: number;
    /** Of predictions; `null` where none was timed. */
    readonly latency: Quantiles | null;
    /** Bytes an engine held; `null` where none was told. */
    readonly memoryP95: number | null;
  }[];
  /** What devices gave up before it could be sent. */
  readonly dropped: readonly { readonly reason: string; readonly count: number }[];
}

/** Why there is, or is no, verdict about a feature. */
export type DriftVerdict = "stable" | "drifting" | "too-few" | "no-baseline";

/** A bin of a feature, beside what it is compared with. */
export interface DriftBin {
  /** Such as `(40.1, 43.2]`, or the category's name; of several that are shown as one, all of them. */
  readonly label: string;
  /** Share of the baseline, from 0 to 1. */
  readonly baseline: number;
  /** Share of what devices saw. Bins with fewer than 50 contributors are joined with others. */
  readonly observed: number;
}

/** How far a feature has moved from a baseline. */
export interface FeatureDrift {
  readonly feature: string;
  readonly side: "input" | "output";
  readonly measure: string;
  readonly verdict: DriftVerdict;
  /** Devices and days that counts came from. */
  readonly contributors: number;
  /**
   * Population stability index; these three are `null` where there is no verdict, or where all bins had to
   * be joined into one.
   */
  readonly psi: number | null;
  /** Jensen–Shannon distance with logarithms to base 2, from 0 to 1. */
  readonly jensenShannon: number | null;
  /** Kolmogorov–Smirnov distance between the bins' cumulated shares; `null` for categories too. */
  readonly kolmogorovSmirnov: number | null;
  /** Shares of what devices saw; `null` where there is no verdict. */
  readonly missing: number | null;
  readonly outOfRange: number | null;
  readonly unseen: number | null;
  /** Empty where there are fewer than 500 contributors in all. */
  readonly bins: readonly DriftBin[];
}

/** `GET /api/drift?model=&version=&baseline=`: how far inputs and outputs have moved. */
export interface DriftAnswer {
  readonly model: string;
  readonly version: string;
  /** The whole days in UTC that it is about, which may be more, or earlier ones, than were asked for. */
  readonly from: number;
  readonly to: number;
  /** `reference`: the manifest's; `previous`: the same version a week before. */
  readonly baseline: "reference" | "previous";
  /**
   * Ids of the keys that signed the manifest whose reference this is; `null` where the collector has been
   * given no public keys, and has not looked.
   */
  readonly signedBy: readonly string[] | null;
  /** The features that drift most first. */
  readonly features: readonly FeatureDrift[];
}

/** Whole days in UTC that a figure is of; milliseconds since 1970. */
export interface FeedbackDays {
  readonly from: number;
  readonly to: number;
  /** Of how many days between the two: of fewer than there are where others told too little. */
  readonly count: number;
}

/** `GET /api/accuracy`: what feedback says of each version. */
export interface AccuracyAnswer {
  readonly versions: readonly {
    readonly model: string;
    readonly version: string;
    /** Predictions whose truth came as a label, or as right or wrong. */
    readonly judged: number;
    readonly correct: number;
    /** With a 95% Wilson interval; `null` where nothing was judged. */
    readonly accuracy: {
      readonly value: number;
      readonly low: number;
      readonly high: number;
    } | null;
    /**
     * What feedback says beyond right and wrong is told of blocks of whole days, so that no two windows tell
     * of few: here is of which. `confusion` is of all of them, calibration and errors of those that told any.
     */
    readonly days: {
      readonly calibration: FeedbackDays | null;
      readonly confusion: FeedbackDays | null;
      readonly error: FeedbackDays | null;
    };
    /** By range of confidence, those with fifty right and fifty wrong and more; the lowest first. */
    readonly calibration: readonly {
      /** From 0 to 1, in tenths. */
      readonly from: number;
      readonly to: number;
      readonly judged: number;
      readonly correct: number;
    }[];
    /**
     * Expected calibration error, from 0 to 1, at least: how far accuracies lie outside of their ranges.
     * `null` where there are none.
     */
    readonly calibrationError: number | null;
    /**
     * Cells of fewer than fifty are one with what told no classes, called `other`, or left out where they
     * are too few together. Classes are called as devices call them.
     */
    readonly confusion: readonly {
      readonly predicted: string;
      readonly label: string;
      readonly count: number;
    }[];
    /**
     * What classes in `confusion` are called, by what devices call them: of those that go by their place
     * among the scores, where the registry's manifest has a file of their names.
     */
    readonly classNames: Readonly<Record<string, string>>;
    /**
     * How far predicted values were from true ones, in the model's own unit. A quantile is told where fifty
     * values lie beyond it: of 100, of 1,000 and of 5,000 values on, and `null` before that.
     */
    readonly error: {
      readonly count: number;
      readonly p50: number;
      readonly p95: number | null;
      readonly p99: number | null;
    } | null;
  }[];
}

/** One figure of two versions, and how sure the difference is. */
export interface Comparison {
  readonly metric: "failure-rate" | "latency-p50" | "latency-p95" | "accuracy";
  /** What it was measured on; `null` where there is nothing. */
  readonly a: { readonly value: number; readonly count: number } | null;
  readonly b: { readonly value: number; readonly count: number } | null;
  /** `b − a` with its 95% confidence interval. */
  readonly difference: {
    readonly value: number;
    readonly low: number;
    readonly high: number;
  } | null;
  readonly verdict: "b-better" | "b-worse" | "no-difference" | "too-few";
}

/** `GET /api/comparison?model=&a=&b=`: two versions side by side. */
export interface ComparisonAnswer {
  readonly model: string;
  readonly a: string;
  readonly b: string;
  readonly comparisons: readonly Comparison[];
}

/** `GET /api/predictions/ID`: where one prediction went. 404 where nothing of it was received. */
export interface PredictionAnswer {
  readonly id: string;
  /** By time: the record a device sent, and spans of its trace. */
  readonly steps: readonly {
    /** Milliseconds since 1970; spans begin at a microsecond. */
    readonly at: number;
    readonly kind: "record" | "span";
    readonly name: string;
    /** Milliseconds; `null` for what has no length. */
    readonly durationMs: number | null;
    readonly attributes: Readonly<Record<string, string | number | boolean>>;
  }[];
}

/** Where an alert stands. */
export type AlertState = "ok" | "pending" | "firing" | "no-data";

/** `GET /api/alerts`: rules, where each stands, and what changed lately. */
export interface AlertsAnswer {
  readonly rules: readonly {
    readonly name: string;
    readonly kind: "threshold" | "change" | "burn-rate" | "drift";
    readonly severity: "info" | "warning" | "critical";
    /** What the rule says, for people. */
    readonly summary: string;
    /** What `value` is in; shares are from 0 to 1, and so are changes that are shares of what was before. */
    readonly unit: "share" | "milliseconds" | "bytes" | "number";
    readonly instances: readonly {
      /** Such as `{model: "rec", version: "1.2.0"}`. */
      readonly labels: Readonly<Record<string, string>>;
      readonly state: AlertState;
      readonly since: number;
      readonly value: number | null;
    }[];
  }[];
  /** The latest first. */
  readonly history: readonly {
    readonly at: number;
    readonly rule: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly from: AlertState;
    readonly to: AlertState;
    readonly value: number | null;
    /** Whether all took it who were to be told; `null` where nobody was. */
    readonly delivered: boolean | null;
  }[];
}

/** `GET /api/stats`: what the collector itself holds and does. */
export interface StatsAnswer {
  readonly startedAt: number;
  readonly bytesOnDisk: number;
  /** Rows of each table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Items since it started, by signal. */
  readonly received: Readonly<Record<"metrics" | "logs" | "traces", number>>;
  readonly refused: Readonly<Record<"metrics" | "logs" | "traces", number>>;
  /** Points since it started of which a label was counted as `other`, by label; `series` by combination. */
  readonly capped: Readonly<Record<string, number>>;
}

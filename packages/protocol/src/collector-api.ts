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
    readonly operation: string;
    readonly code: string;
    readonly count: number;
    readonly lastSeen: number;
  }[];
}

/** How far the load of one model has come, as the SDK reports it. */
export interface ModelProgress {
  readonly phase: string;
  readonly file: string;
  readonly loaded: number;
  readonly total: number;
}

/** How far the loads of all models together have come. */
export interface TotalProgress {
  /** Bytes that came over the network since the page was opened. */
  readonly fetched: number;
  readonly loaded: number;
  /** 0 until every model's size is known. */
  readonly total: number;
  /** Whether anything has to be fetched at all. */
  readonly isDownloading: boolean;
}

interface Row {
  /** Bytes the device held before anything was fetched. */
  readonly stored: number;
  readonly loaded: number;
  readonly total: number;
}

/** Adds up the progress of the models named. A model read from the device reports no fetch at all. */
export function createTotalProgress(
  names: readonly string[],
): (progress: ModelProgress) => TotalProgress {
  const rows = new Map<string, Row>();
  const settled = new Set<string>();

  return ({ phase, file, loaded, total }) => {
    if (phase === "fetch") {
      rows.set(file, { stored: rows.get(file)?.stored ?? loaded, loaded, total });
      settled.add(file);
    } else if (phase === "ready") {
      settled.add(file);
    }
    const sum = (pick: (row: Row) => number): number =>
      [...rows.values()].reduce((result, row) => result + pick(row), 0);
    const whole = sum((row) => row.total);
    return {
      fetched: sum((row) => row.loaded - row.stored),
      loaded: sum((row) => row.loaded),
      total: names.every((name) => settled.has(name)) ? whole : 0,
      isDownloading: [...rows.values()].some((row) => row.stored < row.total),
    };
  };
}

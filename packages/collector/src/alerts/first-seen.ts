import type { Store, Window } from "../store/store.ts";
import type { MetricValue } from "./read-metric.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** How far back is looked for when a version was seen first. */
const LOOK_BACK_MS = 30 * DAY_MS;

/** Devices send late: what was looked at once is looked at again, this far back. */
const OVERLAP_MS = 60 * 60 * 1000;

/** Versions that are remembered. */
const MAX_KEPT = 10_000;

/** Says which of two versions came first. */
export interface FirstSeen {
  /** Looks at what has come since it last did: at a month the first time, and at an hour or so after that. */
  readonly look: (
    store: Pick<Store, "models">,
    window: Pick<Window, "to" | "model">,
  ) => Promise<void>;
  /** Of some versions of one model, the one that was seen first before this one was. */
  readonly before: (of: MetricValue, values: readonly MetricValue[]) => MetricValue | undefined;
}

/**
 * Remembers when versions were seen first. Of those that ran a month ago already it is not known which
 * came first, and they go by their names, numbers as numbers.
 */
export function createFirstSeen(): FirstSeen {
  const kept = new Map<string, number>();
  let begunAt: number | undefined;
  let lookedAt: number | undefined;
  const seen = ({ model, version }: { model: string; version: string }) => {
    const at = kept.get(JSON.stringify([model, version])) ?? 0;
    return Math.max(at, (begunAt ?? 0) + DAY_MS);
  };
  const compare = (a: MetricValue, b: MetricValue) =>
    seen(a) - seen(b) || a.version.localeCompare(b.version, "en", { numeric: true });
  return {
    look: async (store, { to, model }) => {
      const from = lookedAt === undefined ? to - LOOK_BACK_MS : lookedAt - OVERLAP_MS;
      const { models } = await store.models({ from: Math.max(0, from), to, model });
      begunAt ??= from;
      lookedAt = to;
      for (const { name, versions } of models)
        for (const { version, firstSeen } of versions) {
          const key = JSON.stringify([name, version]);
          const known = kept.get(key);
          if (known === undefined && kept.size >= MAX_KEPT) continue;
          kept.set(key, Math.min(known ?? firstSeen, firstSeen));
        }
    },
    before: (of, values) =>
      values
        .filter((one) => one.model === of.model && compare(one, of) < 0)
        .toSorted((a, b) => compare(b, a))[0],
  };
}

import { toHex } from "@selvedge/protocol";
import type { Database } from "../store/database.ts";
import { isRefusal } from "../store/storage-error.ts";
import { HOUR_MS, MOST_AN_HOUR } from "./hourly-sample.ts";

/** The longest an id lives. */
const DAY_MS = 24 * HOUR_MS;

/** Under what this stands among what telemetry remembers. */
const KEY = "distributions";

/** The most packs that are remembered: a damaged store is no reason to keep more. */
const MOST_PACKS = 64;

/** What is told under one id: of one pack, within a day. */
interface Contribution {
  readonly contributor: string;
  /** Milliseconds since 1970. */
  readonly until: number;
  /** By hour since 1970, how many predictions have been told of. */
  readonly hours: Readonly<Record<string, number>>;
}

/** A prediction that may be told of. */
export interface Claim {
  readonly contributor: string;
  /** Whether it is the first under its id. */
  readonly isFirst: boolean;
}

/**
 * When ids are made anew. `utc`: at midnight, for all devices at once, as the collector counts by days.
 * `own`: 24 hours after an id's first prediction, and the very first one earlier, at random: what a device
 * tells only once under an id is told at all hours then, and not as the day begins.
 */
export type Renewal = "utc" | "own";

/**
 * What this device has told of distributions lately, in all its tabs. An id is random, of one pack alone,
 * and lives for a day at most.
 */
export class Contributions {
  readonly #database: Database;
  readonly #renewal: Renewal;
  /** Where IndexedDB takes nothing: as long as the page lives. */
  #inMemory: Record<string, Contribution> = {};

  constructor(database: Database, renewal: Renewal) {
    this.#database = database;
    this.#renewal = renewal;
  }

  /** Forgets what IndexedDB did not take. */
  forget(): void {
    this.#inMemory = {};
  }

  /**
   * Asks to tell of one prediction, and counts it.
   *
   * @param digest of the pack
   * @param at milliseconds since 1970
   * @returns `undefined` where the hour has had its share
   */
  async claim(digest: string, at: number): Promise<Claim | undefined> {
    const doing = "counting what was told of distributions";
    const stores = ["telemetry"] as const;
    const renewal = this.#renewal;
    try {
      return await this.#database.transact(
        { doing, stores, mode: "readwrite" },
        async ({ store }) => {
          const [claim, contributions] = claimIn(sound(await store.get(KEY)), {
            digest,
            at,
            renewal,
          });
          if (claim !== undefined) await store.put(contributions, KEY);
          return claim;
        },
      );
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const [claim, contributions] = claimIn(this.#inMemory, { digest, at, renewal });
      this.#inMemory = contributions;
      return claim;
    }
  }
}

function claimIn(
  before: Readonly<Record<string, Contribution>>,
  { digest, at, renewal }: { digest: string; at: number; renewal: Renewal },
): [Claim | undefined, Record<string, Contribution>] {
  const known = before[digest];
  // A clock that was set back would make an id live on.
  const isCurrent = known !== undefined && at < known.until && known.until - at <= DAY_MS;
  const { contributor, until, hours } = isCurrent
    ? known
    : { contributor: newId(), until: endOf(at, renewal, known === undefined), hours: {} };
  const hour = String(Math.floor(at / HOUR_MS));
  const told = hours[hour] ?? 0;
  if (told >= MOST_AN_HOUR) return [undefined, { ...before }];
  const contribution = { contributor, until, hours: { ...hours, [hour]: told + 1 } };
  const others = Object.entries(before).filter(([other]) => other !== digest);
  const all = [...others.slice(1 - MOST_PACKS), [digest, contribution] as const];
  return [{ contributor, isFirst: !isCurrent }, Object.fromEntries(all)];
}

function newId(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(16)));
}

/** Until when an id lives that is made now. */
function endOf(at: number, renewal: Renewal, isVeryFirst: boolean): number {
  if (renewal === "utc") return (Math.floor(at / DAY_MS) + 1) * DAY_MS;
  return at + (isVeryFirst ? Math.max(Math.random() * DAY_MS, HOUR_MS) : DAY_MS);
}

/** What was stored, without whatever in it is none of ours. */
function sound(stored: unknown): Record<string, Contribution> {
  if (typeof stored !== "object" || stored === null) return {};
  return Object.fromEntries(Object.entries(stored).filter(([, one]) => isContribution(one)));
}

function isContribution(value: unknown): value is Contribution {
  if (typeof value !== "object" || value === null) return false;
  const { contributor, until, hours } = value as Partial<Record<keyof Contribution, unknown>>;
  return (
    typeof contributor === "string" &&
    /^[0-9a-f]{32}$/.test(contributor) &&
    typeof until === "number" &&
    typeof hours === "object" &&
    hours !== null &&
    Object.values(hours).every((told) => Number.isSafeInteger(told))
  );
}

import type { Dtype } from "@selvedge/protocol";
import { isRecord } from "../is-record.ts";
import type { SessionSettings } from "../worker/engine-api.ts";
import type { VerdictKey, VerdictRecord } from "../worker/keeper-api.ts";
import { settingsUnder } from "./settings-record.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** After so long it is tried again: a host may have come to have what is needed, or fitted its runtime. */
const FAILED_FOR_MS = DAY_MS;

/**
 * The same for what was not worth it, once, twice, and more often in a row. A device may have been busy while
 * it was timed: one such time must not cost it a month of starts.
 */
const DECLINED_FOR_MS = [DAY_MS, 7 * DAY_MS];
const ALWAYS_DECLINED_FOR_MS = 30 * DAY_MS;

/** What came of writing an engine down on this device: kept among the verdicts on its pack. */
export interface ImageVerdict extends VerdictRecord {
  /** What it was found out with: with others it says nothing. */
  readonly under: string;
  readonly image: "made" | "not worth it" | "failed";
  /** For people. */
  readonly reason: string;
  /** How often in a row it was not worth it, this time included. */
  readonly declined: number;
}

/** What is known of the image of a pack. */
export interface KnownImage extends Pick<ImageVerdict, "image" | "reason" | "declined"> {
  /** Whether it is to be tried again: it says no more than how often that was in vain. */
  readonly isStale: boolean;
}

/** Under what it is kept. */
export function imageVerdictKey(digest: string, dtype: Dtype): VerdictKey {
  return [digest, `image ${dtype}`];
}

/** What an image depends on besides the pack: the runtime, the browser, and how sessions are created. */
export function imageUnder(settings: SessionSettings = {}): string {
  const { graphOptimizationLevel = "usual", prepacking = true } = settings;
  return `${settingsUnder()}; ${graphOptimizationLevel}, ${prepacking ? "" : "not "}prepacked`;
}

/** What came of it, and why, as it was stored under a key; none where nothing sound was. */
export function soundImageVerdict(
  stored: readonly unknown[],
  [digest, candidate]: VerdictKey,
  under: string,
): KnownImage | undefined {
  const record = stored.filter(isRecord).find((one) => one["candidate"] === candidate);
  const { image, at } = record ?? {};
  if (record?.["digest"] !== digest || record["under"] !== under) return undefined;
  const reason = String(record["reason"]);
  // A clock that was set back must not make it last for ever.
  const age = Math.abs(Date.now() - Number(at));
  const isOlder = (ms: number) => !(age < ms);
  switch (image) {
    case "made":
      return { image, reason, declined: 0, isStale: false };
    case "failed":
      return { image, reason, declined: 0, isStale: isOlder(FAILED_FOR_MS) };
    case "not worth it": {
      const declined = Math.max(1, Math.floor(Number(record["declined"])) || 1);
      const ms = DECLINED_FOR_MS[declined - 1] ?? ALWAYS_DECLINED_FOR_MS;
      return { image, reason, declined, isStale: isOlder(ms) };
    }
    default:
      return undefined;
  }
}

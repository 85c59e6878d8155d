import type { Dtype } from "@selvedge/protocol";
import { isRecord } from "../is-record.ts";
import type { SessionSettings } from "../worker/engine-api.ts";
import type { VerdictKey, VerdictRecord } from "../worker/keeper-api.ts";
import { settingsUnder } from "./settings-record.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** After so long it is tried again: a host may have come to have what is needed, or fitted its runtime. */
const FORGET_MS = { failed: DAY_MS, "not worth it": 30 * DAY_MS };

/** What came of writing an engine down on this device: kept among the verdicts on its pack. */
export interface ImageVerdict extends VerdictRecord {
  /** What it was found out with: with others it says nothing. */
  readonly under: string;
  readonly image: "made" | "not worth it" | "failed";
  /** For people. */
  readonly reason: string;
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

/** What came of it, and why, as it was stored under a key; none where that says nothing any more. */
export function soundImageVerdict(
  stored: readonly unknown[],
  [digest, candidate]: VerdictKey,
  under: string,
): Pick<ImageVerdict, "image" | "reason"> | undefined {
  const record = stored.filter(isRecord).find((one) => one["candidate"] === candidate);
  const { image, at } = record ?? {};
  if (record?.["digest"] !== digest || record["under"] !== under) return undefined;
  const reason = String(record["reason"]);
  if (image === "made") return { image, reason };
  // A clock that was set back must not make it last for ever.
  const age = Math.abs(Date.now() - Number(at));
  const isKnown = image === "not worth it" || image === "failed";
  return isKnown && age < FORGET_MS[image] ? { image, reason } : undefined;
}

import type { Dtype } from "@selvedge/protocol";
import { RUNTIME_VERSION } from "../engine/runtime-files.ts";
import { isRecord } from "../is-record.ts";
import type { SessionSettings } from "../worker/engine-api.ts";
import type { VerdictKey, VerdictRecord } from "../worker/keeper-api.ts";

/** How sessions of a pack are best created on this device: kept among the verdicts on the pack. */
export interface SettingsRecord extends VerdictRecord {
  /** What it was measured with: with others it says nothing. */
  readonly under: string;
  /** Empty for the usual ones. */
  readonly settings: SessionSettings;
}

const LEVELS = ["disabled", "basic", "extended", "all"] as const;

/** Under what a pack's settings are kept. */
export function settingsKey(digest: string, dtype: Dtype): VerdictKey {
  return [digest, `settings ${dtype}`];
}

/** What settings are measured with: another version of either may turn them round. */
export function settingsUnder(): string {
  return `onnxruntime-web ${RUNTIME_VERSION}; ${navigator.userAgent}`;
}

/**
 * Settings as they were stored under a key; none where it is another verdict, where they were measured
 * with something else, or have been damaged.
 */
export function soundSettings(
  stored: unknown,
  [digest, candidate]: VerdictKey,
): SessionSettings | undefined {
  if (!isRecord(stored) || stored["under"] !== settingsUnder()) return undefined;
  if (stored["digest"] !== digest || stored["candidate"] !== candidate) return undefined;
  const { settings } = stored;
  if (!isRecord(settings)) return undefined;
  const { graphOptimizationLevel, prepacking } = settings;
  const level = LEVELS.find((known) => known === graphOptimizationLevel);
  if (level === undefined && graphOptimizationLevel !== undefined) return undefined;
  if (prepacking !== undefined && typeof prepacking !== "boolean") return undefined;
  return {
    ...(level === undefined ? {} : { graphOptimizationLevel: level }),
    ...(prepacking === undefined ? {} : { prepacking }),
  };
}

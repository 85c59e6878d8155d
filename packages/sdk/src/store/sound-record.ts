import type { Dtype } from "@selvedge/protocol";
import { isRecord } from "../is-record.ts";
import type { ActivationRecord, PackChoice, PackRecord } from "./database.ts";

/**
 * An activation as it was stored, or none where it has been damaged: no digest says so of these
 * records, and what they name is looked up and checked.
 */
export function soundActivation(stored: unknown): ActivationRecord | undefined {
  if (!isRecord(stored) || !isChoice(stored["current"])) return undefined;
  const { current, isProven, lastGood, next, refused } = stored;
  return {
    current,
    isProven: isProven === true,
    ...(isChoice(lastGood) ? { lastGood } : {}),
    ...(isChoice(next) ? { next } : {}),
    refused: Array.isArray(refused) && refused.every(isRefusal) ? refused : [],
  };
}

/** A pack's record with every field of the type it should have; its manifest has a digest to be held against. */
export function soundPack(stored: PackRecord): PackRecord {
  const { registry, name, version, manifest, dtypes, installedAt, usedAt } = stored;
  const { signature, signedBy }: { signature?: unknown; signedBy?: unknown } = stored;
  return {
    digest: stored.digest,
    registry: text(registry),
    name: text(name),
    version: text(version),
    manifest: text(manifest),
    dtypes: isTexts(dtypes) ? (dtypes as readonly Dtype[]) : [],
    installedAt: time(installedAt),
    usedAt: time(usedAt),
    ...(typeof signature === "string" ? { signature } : {}),
    ...(isSigners(signedBy) ? { signedBy } : {}),
  };
}

function isChoice(value: unknown): value is PackChoice {
  return isRecord(value) && isTexts([value["digest"], value["dtype"]]);
}

function isRefusal(value: unknown): value is ActivationRecord["refused"][number] {
  return isRecord(value) && isTexts([value["digest"], value["runtime"]]);
}

function isSigners(value: unknown): value is NonNullable<PackRecord["signedBy"]> {
  return isRecord(value) && Object.values(value).every(isTexts);
}

/** Whether it is a list of texts and of nothing else. */
export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function time(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

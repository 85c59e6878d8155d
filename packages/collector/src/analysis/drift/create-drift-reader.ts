import type { DriftAnswer } from "@selvedge/protocol";
import type { Asking, Store } from "../../store/store.ts";
import type { ReadManifest } from "../read-manifest.ts";
import { type DriftQuestion, measureDrift } from "./measure-drift.ts";
import { createDayReader } from "./read-days.ts";

/** An answer about drift, and the SHA-256 of the manifest whose reference it is about. */
export interface DriftReading {
  readonly answer: DriftAnswer;
  readonly digest: string;
}

/** Answers questions about drift; `undefined` where the registry does not have the version. */
export type ReadDrift = (
  question: DriftQuestion,
  asking?: Asking,
) => Promise<DriftReading | undefined>;

/** Reads drift of what the registry serves. Of a version without a reference there are no features. */
export function createDriftReader({
  store,
  readManifest,
  keptMs,
  now,
}: {
  readonly store: Pick<Store, "distributions">;
  readonly readManifest: ReadManifest;
  /** How long distributions are kept. @default 400 days */
  readonly keptMs?: number | undefined;
  readonly now: () => number;
}): ReadDrift {
  const readDay = createDayReader(store, now);
  return async (question, { signal } = {}) => {
    const served = await readManifest(question.model, question.version);
    if (served === undefined) return undefined;
    const reference = served.manifest.reference ?? { samples: 0, features: [] };
    const { digest, signedBy } = served;
    const measured = await measureDrift(question, {
      ...{ reference, readDay, nowMs: now(), keptMs, signal },
    });
    return { answer: { ...measured, signedBy }, digest };
  };
}

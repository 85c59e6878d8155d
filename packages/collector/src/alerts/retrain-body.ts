import type { FeatureDrift } from "@selvedge/protocol";
import type { DriftReading } from "../analysis/drift/create-drift-reader.ts";
import type { DriftRule } from "./alert-rule.ts";

/** What starts a training: which pack it is about, what has moved in its inputs and outputs, and how. */
export interface RetrainBody {
  readonly event: "retrain";
  readonly rule: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly model: string;
  readonly version: string;
  /** SHA-256 of the pack's manifest. */
  readonly manifest: string;
  readonly baseline: "reference" | "previous";
  /** The days that it was found in. */
  readonly from: number;
  readonly to: number;
  /** Those that drift, as `/api/drift` has them: nothing is said of cells that it does not show. */
  readonly features: readonly FeatureDrift[];
}

/** Says what drifts of one version. */
export function retrainBody(
  { name, features }: Pick<DriftRule, "name" | "features">,
  { answer, digest }: DriftReading,
  at: number,
): RetrainBody {
  const { model, version, baseline, from, to } = answer;
  const drifting = answer.features.filter(
    ({ feature, verdict }) =>
      verdict === "drifting" && (features === undefined || features.includes(feature)),
  );
  return {
    ...{ event: "retrain", rule: name, at, model, version, manifest: digest },
    ...{ baseline, from, to, features: drifting },
  };
}

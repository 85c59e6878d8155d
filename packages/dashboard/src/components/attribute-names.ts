import { formatDuration } from "../format/format-duration.ts";

// The names of `ATTRIBUTES` and `PREDICTION` in @selvedge/protocol, whose types alone come this far.
const NAMES: ReadonlyMap<string, string> = new Map([
  ["selvedge.model.name", "Model"],
  ["selvedge.model.version", "Version"],
  ["selvedge.model.dtype", "Precision"],
  ["selvedge.backend", "Backend"],
  ["selvedge.browser", "Browser"],
  ["selvedge.device.class", "Device class"],
  ["selvedge.operation", "Operation"],
  ["selvedge.phase", "Phase"],
  ["error.type", "Error"],
  ["selvedge.prediction.id", "Prediction"],
  ["selvedge.pack.digest", "Pack"],
  ["selvedge.runtime", "Runtime"],
  ["selvedge.adapter", "Adapter"],
  ["selvedge.cohort", "Cohort"],
  ["selvedge.inputs.sha256", "Inputs"],
  ["selvedge.outputs.sha256", "Outputs"],
  ["selvedge.queue.ms", "Waited"],
  ["selvedge.run.ms", "Ran"],
  ["selvedge.total.ms", "In all"],
]);

/** What an attribute is called here; what has no name keeps its own. */
export function attributeName(name: string): string {
  return NAMES.get(name) ?? name;
}

/** An attribute's value for people: durations with their unit, all else as it is. */
export function formatAttribute(name: string, value: string | number | boolean): string {
  if (typeof value === "number" && name.endsWith(".ms")) return formatDuration(value);
  return String(value);
}

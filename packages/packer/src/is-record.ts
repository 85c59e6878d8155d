/** Whether parsed JSON or YAML is an object. What it may hold is its own keys: see `Object.hasOwn`. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

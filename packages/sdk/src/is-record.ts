/** Whether a value that was stored, or came from elsewhere, is an object that can be looked into. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

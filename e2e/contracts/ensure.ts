/** @throws Error that says what a contract found wrong */
export function ensure(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

/** @throws Error where two values are not the same as JSON */
export function ensureSame(what: string, found: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  ensure(a === b, `${what}: ${a}, and not ${b}`);
}

/** What became of a call: `answered`, the code of a `SelvedgeError`, or the name of another error. */
export function endOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "answered",
    // A DOMException has a code too, which is a number of old.
    ({ code, name }: Error & { readonly code?: unknown }) =>
      typeof code === "string" ? code : name,
  );
}

/** The error that a call ends in. @throws Error where it does not */
export async function failureOf(call: Promise<unknown>): Promise<Error & { code?: string }> {
  const failure = await call.then(
    () => undefined,
    (error: Error) => error,
  );
  ensure(failure !== undefined, "a call that had to fail was answered");
  return failure;
}

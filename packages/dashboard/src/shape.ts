/** Says whether a value that came over the network has the shape it should. */
export type Guard<T> = (value: unknown) => value is T;

export const isText: Guard<string> = (value) => typeof value === "string";

export const isNumber: Guard<number> = (value): value is number =>
  typeof value === "number" && Number.isFinite(value);

export function isListOf<T>(isItem: Guard<T>): Guard<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(isItem);
}

export function isNullOr<T>(isOther: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || isOther(value);
}

/** An object with at least these fields: a newer collector may send more. */
export function isShape<T extends object>(
  fields: {
    readonly [Key in keyof T]-?: Guard<T[Key]>;
  },
): Guard<T> {
  const guards = Object.entries<Guard<unknown>>(fields);
  return (value): value is T => {
    if (typeof value !== "object" || value === null) return false;
    const found = new Map<string, unknown>(Object.entries(value));
    return guards.every(([name, isField]) => isField(found.get(name)));
  };
}

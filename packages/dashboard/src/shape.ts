/** Says whether a value that came over the network has the shape it should. */
export type Guard<T> = (value: unknown) => value is T;

export const isText: Guard<string> = (value) => typeof value === "string";

export const isNumber: Guard<number> = (value): value is number =>
  typeof value === "number" && Number.isFinite(value);

export const isBoolean: Guard<boolean> = (value) => typeof value === "boolean";

export function isListOf<T>(isItem: Guard<T>): Guard<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(isItem);
}

export function isNullOr<T>(isOther: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || isOther(value);
}

/** One of a few words. */
export function isOneOf<const T extends string>(words: readonly T[]): Guard<T> {
  return (value): value is T => words.some((word) => word === value);
}

/** An object of any keys whose values are all of one kind. */
export function isRecordOf<T>(isValue: Guard<T>): Guard<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(isValue);
}

export function isEither<A, B>(isA: Guard<A>, isB: Guard<B>): Guard<A | B> {
  return (value): value is A | B => isA(value) || isB(value);
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

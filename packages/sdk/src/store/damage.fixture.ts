/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of several, by a random number. */
export function pick<T>(random: () => number, [first, ...others]: readonly [T, ...T[]]): T {
  return others[Math.floor(random() * (others.length + 1)) - 1] ?? first;
}

/** Does one thing to some bytes, and says what. What comes of it is never what went in. */
export function damageBytes(
  bytes: Uint8Array<ArrayBuffer>,
  random: () => number,
): { bytes: Uint8Array<ArrayBuffer>; what: string } {
  const at = Math.floor(random() * bytes.length);
  const how = pick(random, ["bit", "bit", "byte", "run", "zeros", "shorter", "longer"]);
  const what = `${how} at ${at} of ${bytes.length}`;
  if (how === "shorter") return { bytes: bytes.slice(0, at), what };
  if (how === "longer") return { bytes: extended(bytes, 1 + Math.floor(random() * 2000)), what };
  const damaged = bytes.slice();
  const end = how === "bit" || how === "byte" ? at + 1 : at + 1 + Math.floor(random() * 4096);
  for (let i = at; i < Math.min(end, damaged.length); i++)
    damaged[i] = how === "zeros" ? 0 : (damaged[i] ?? 0) ^ changeOf(how, random);
  if (how === "zeros" && (bytes[at] ?? 0) === 0) damaged[at] = 1;
  return { bytes: damaged, what };
}

/** Does the same to a text, in Latin letters, so that it stays one. */
export function damageText(text: string, random: () => number): { text: string; what: string } {
  const at = Math.floor(random() * text.length);
  const how = pick(random, ["letter", "letter", "shorter", "longer", "empty"]);
  const what = `${how} at ${at} of ${text.length}`;
  const letter = String.fromCharCode(text.charCodeAt(at) ^ (1 << Math.floor(random() * 7)));
  if (how === "letter") return { text: text.slice(0, at) + letter + text.slice(at + 1), what };
  if (how === "shorter") return { text: text.slice(0, at), what };
  if (how === "longer") return { text: text + text.slice(at), what };
  return { text: "", what };
}

/** What a record or a field of one may have turned into, short of something of its own type. */
const FOREIGN: readonly [unknown, ...unknown[]] = [
  undefined,
  null,
  0,
  -1,
  Number.NaN,
  "",
  "fp32",
  true,
  [],
  {},
  [7],
  new Date(0),
  new Uint8Array([1, 2, 3]),
];

/** Something of another type than a value has. */
export function foreignTo(value: unknown, random: () => number): unknown {
  for (;;) {
    const other = pick(random, FOREIGN);
    if (typeof other !== typeof value || Array.isArray(other) !== Array.isArray(value))
      return other;
  }
}

/**
 * Changes one field of a record, at any depth: to another value of its type, or to one of another
 * type, or to none.
 */
export function damageRecord<T extends object>(
  record: T,
  random: () => number,
): { record: object; what: string } {
  const copy: unknown = structuredClone(record);
  const [parent, key] = pick(random, fieldsOf(copy, ""));
  const value = parent.fields[key];
  const where = parent.path + key;
  const how = pick(random, ["value", "value", "type", "gone"]);
  if (how === "gone") delete parent.fields[key];
  else parent.fields[key] = how === "type" ? foreignTo(value, random) : otherValue(value, random);
  return {
    record: copy as object,
    what: `${where} ${how}: ${String(parent.fields[key]).slice(0, 60)}`,
  };
}

type Field = [parent: { path: string; fields: Record<string, unknown> }, key: string];

function fieldsOf(value: unknown, path: string): [Field, ...Field[]] {
  const fields = value as Record<string, unknown>;
  const own = Object.keys(fields).flatMap((key): Field[] => {
    const child = fields[key];
    const deeper =
      typeof child === "object" && child !== null && Object.keys(child).length > 0
        ? fieldsOf(child, `${path}${key}.`)
        : [];
    return [[{ path, fields }, key], ...deeper];
  });
  const [first, ...others] = own;
  if (first === undefined) throw new Error("a record without a field has nothing to damage");
  return [first, ...others];
}

function otherValue(value: unknown, random: () => number): unknown {
  if (typeof value === "string") return damageText(value, random).text;
  if (typeof value === "boolean") return !value;
  if (typeof value === "number")
    return pick(random, [value + 1, -value - 1, Number.NaN, Number.POSITIVE_INFINITY]);
  if (Array.isArray(value)) return pick<unknown>(random, [[], [...value, "x"], [value]]);
  return {};
}

function changeOf(how: string, random: () => number): number {
  return how === "bit" ? 1 << Math.floor(random() * 8) : 1 + Math.floor(random() * 255);
}

function extended(bytes: Uint8Array, by: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(bytes.length + by);
  longer.set(bytes);
  return longer;
}

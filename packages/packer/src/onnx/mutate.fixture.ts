/** Damages the bytes of a file, by a random sequence: the same numbers make the same damage. */
export function mutate(
  file: Uint8Array,
  other: Uint8Array,
  random: () => number,
): Uint8Array<ArrayBuffer> {
  let bytes = Uint8Array.from(file);
  const times = 1 + Math.floor(random() ** 2 * 6);
  for (let i = 0; i < times; i++) {
    const mutation = MUTATIONS[Math.floor(random() * MUTATIONS.length)] ?? flipBit;
    bytes = mutation(bytes, random, other);
  }
  return bytes;
}

type Mutation = (
  bytes: Uint8Array<ArrayBuffer>,
  random: () => number,
  other: Uint8Array,
) => Uint8Array<ArrayBuffer>;

/** Structure lies at the start and the end of a model, weights between: most damage goes to structure. */
const EDGE = 1500;

function place(bytes: Uint8Array, random: () => number): number {
  const edge = Math.min(EDGE, bytes.length);
  const where = random();
  if (where < 0.6) return Math.floor(random() * edge);
  if (where < 0.8) return bytes.length - 1 - Math.floor(random() * edge);
  return Math.floor(random() * bytes.length);
}

const flipBit: Mutation = (bytes, random) => {
  const at = place(bytes, random);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  return bytes;
};

const overwriteByte: Mutation = (bytes, random) => {
  bytes[place(bytes, random)] = Math.floor(random() * 256);
  return bytes;
};

const truncate: Mutation = (bytes, random) => bytes.slice(0, place(bytes, random));

const deleteRange: Mutation = (bytes, random) => {
  const at = place(bytes, random);
  return join(bytes.subarray(0, at), bytes.subarray(at + 1 + Math.floor(random() ** 3 * 200)));
};

const duplicateRange: Mutation = (bytes, random) => {
  const at = place(bytes, random);
  const end = at + 1 + Math.floor(random() ** 3 * 200);
  return join(bytes.subarray(0, end), bytes.subarray(at));
};

/** A length or a number, made far larger than what follows it. */
const blowUpVarint: Mutation = (bytes, random) => {
  const at = place(bytes, random);
  const longer = Array.from({ length: 1 + Math.floor(random() * 10) }, () => 0xff);
  longer.push(Math.floor(random() * 128));
  return join(bytes.subarray(0, at), Uint8Array.from(longer), bytes.subarray(at + 1));
};

const splice: Mutation = (bytes, random, other) =>
  join(bytes.subarray(0, place(bytes, random)), other.subarray(place(other, random)));

/** NaN and infinity, as weights have them. */
const notFinite: Mutation = (bytes, random) => {
  const at = Math.floor((random() * bytes.length) / 4) * 4;
  bytes.set([0, 0, random() < 0.5 ? 0xc0 : 0x80, 0x7f].slice(0, bytes.length - at), at);
  return bytes;
};

const MUTATIONS = [
  flipBit,
  flipBit,
  flipBit,
  overwriteByte,
  truncate,
  deleteRange,
  duplicateRange,
  blowUpVarint,
  splice,
  notFinite,
] satisfies Mutation[];

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** What an `.npy` file says of its array before the elements. */
export interface NpyHeader {
  readonly isLittleEndian: boolean;
  /** NumPy's letter: `f` floats, `i` and `u` integers, `b` booleans, `U` texts. */
  readonly kind: string;
  readonly itemBytes: number;
  /** Whether the first index varies fastest. */
  readonly isFortranOrder: boolean;
  readonly dims: readonly number[];
  /** Where the elements start. */
  readonly end: number;
}

/** NumPy has no more either. */
const MOST_DIMENSIONS = 64;

/**
 * Reads the header: magic, version, length, and a Python dictionary, of which nothing is evaluated.
 *
 * @returns the header or, where it is none, what the file has to be.
 */
export function readNpyHeader(file: Uint8Array): NpyHeader | string {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const [major, minor] = file.subarray(6, 8);
  const isNpy =
    file.length >= 12 &&
    view.getUint32(0) === 0x93_4e_55_4d /* \x93NUM */ &&
    view.getUint16(4) === 0x50_59; /* PY */
  if (!isNpy) return "a file that NumPy saved";
  if (major === undefined || major < 1 || major > 3 || minor !== 0)
    return "saved in version 1, 2 or 3 of NumPy's format";
  const start = major === 1 ? 10 : 12;
  const end = start + (major === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > file.length) return "whole: its header is cut short";
  const entries = readDictionary(new TextDecoder().decode(file.subarray(start, end)));
  const [, order, kind, size] =
    /^'([<>|])([a-zA-Z])(\d{1,6})'$/.exec(entries?.get("descr") ?? "") ?? [];
  const fortran = entries?.get("fortran_order");
  const dims = readShape(entries?.get("shape") ?? "");
  if (kind === undefined) return "an array of plain numbers, booleans or texts";
  if (dims === undefined || (fortran !== "True" && fortran !== "False"))
    return "an array with a header that says its shape and order";
  return {
    isLittleEndian: order !== ">",
    kind,
    itemBytes: Number(size) * (kind === "U" ? 4 : 1),
    isFortranOrder: fortran === "True",
    dims,
    end,
  };
}

/** A value is a text in quotes, a bare word, or a tuple. */
const ENTRY = /\s*'(\w{1,32})'\s*:\s*('[^'\\]{0,32}'|\w{1,32}|\([\d\sL,]{0,2048}\))\s*(,|(?=\}))/y;

/** The entries of a dictionary that holds what an `.npy` header may; `undefined` for any other. */
function readDictionary(text: string): Map<string, string> | undefined {
  const literal = text.trim();
  if (!literal.startsWith("{") || literal.length > 4096) return undefined;
  const entries = new Map<string, string>();
  const pattern = new RegExp(ENTRY);
  pattern.lastIndex = 1;
  let end = 1;
  for (let match = pattern.exec(literal); match !== null; match = pattern.exec(literal)) {
    const [, key = "", value = ""] = match;
    if (entries.has(key)) return undefined;
    entries.set(key, value);
    end = pattern.lastIndex;
  }
  return literal.slice(end).trim() === "}" ? entries : undefined;
}

/** A tuple such as `()`, `(3,)` or, as Python 2 wrote it, `(3L, 4L)`. */
function readShape(tuple: string): number[] | undefined {
  const [, inside] = /^\(([\d\sL,]*)\)$/.exec(tuple) ?? [];
  if (inside === undefined) return undefined;
  const parts = inside.split(",").map((part) => part.trim());
  if (parts.at(-1) === "") parts.pop();
  const dims = parts.map((part) => (/^\d+L?$/.test(part) ? Number.parseInt(part, 10) : Number.NaN));
  return dims.length <= MOST_DIMENSIONS && dims.every(Number.isSafeInteger) ? dims : undefined;
}

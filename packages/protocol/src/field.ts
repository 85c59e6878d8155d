import { type ErrorCode, SelvedgeError } from "./selvedge-error.ts";

/** Where a value was found, and the code of the error that it is wrong. */
interface Place {
  readonly document: string;
  /** Empty for the document itself. */
  readonly path: string;
  readonly code: ErrorCode;
}

/**
 * A value from outside together with the path that leads to it, so that whatever is wrong can be
 * named: `variants[0].tensors[3].sha256: expected 64 hex digits, got "abc"`.
 */
export class Field {
  readonly #value: unknown;
  readonly #place: Place;

  private constructor(value: unknown, place: Place) {
    this.#value = value;
    this.#place = place;
  }

  /**
   * Parses JSON text.
   *
   * @param document what to call the text in errors, such as `manifest of ocr-rec@1.0.0`
   * @throws SelvedgeError with `code` when the text is not JSON.
   */
  static fromJson(text: string, document: string, code: ErrorCode): Field {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      const looksLikeHtml = /^\s*</.test(text);
      throw new SelvedgeError(
        code,
        `${document}: expected JSON, got ${looksLikeHtml ? "a web page" : show(text)}. Check that the registry address is right and that its host answers 404 for what it lacks.`,
        { cause },
      );
    }
    return new Field(value, { document, path: "", code });
  }

  /** Raises this document's error about this field. */
  fail(expected: string): never {
    const { document, path, code } = this.#place;
    const where = path === "" ? document : `${document}: ${path}`;
    throw new SelvedgeError(code, `${where}: expected ${expected}, got ${show(this.#value)}.`, {
      detail: { field: path },
    });
  }

  get isPresent(): boolean {
    return this.#value !== undefined;
  }

  get isNull(): boolean {
    return this.#value === null;
  }

  get isList(): boolean {
    return Array.isArray(this.#value);
  }

  get isNumber(): boolean {
    return typeof this.#value === "number";
  }

  /** The field of this name; absent fields fail when they are read as something. */
  at(key: string): Field {
    const object = this.object();
    const path = this.#place.path === "" ? key : `${this.#place.path}.${key}`;
    // Own properties only: what an object inherits, such as `constructor`, was not in the document.
    const value = Object.hasOwn(object, key) ? object[key] : undefined;
    return new Field(value, { ...this.#place, path });
  }

  items(): Field[] {
    if (!Array.isArray(this.#value)) this.fail("a list");
    return this.#value.map(
      (value: unknown, index) =>
        new Field(value, { ...this.#place, path: `${this.#place.path}[${index}]` }),
    );
  }

  /**
   * An object whose keys are the document's own choice. The result has no prototype, so that a key
   * it lacks is `undefined` even where every object inherits one of that name.
   */
  record<T>(read: (field: Field) => T): Record<string, T> {
    const keys = Object.keys(this.object());
    if (keys.includes("")) this.fail("keys that are not empty");
    const record = Object.fromEntries(keys.map((key) => [key, read(this.at(key))]));
    Object.setPrototypeOf(record, null);
    return record;
  }

  string(): string {
    if (typeof this.#value !== "string") this.fail("a string");
    return this.#value;
  }

  boolean(): boolean {
    if (typeof this.#value !== "boolean") this.fail("true or false");
    return this.#value;
  }

  /** A string that says something. */
  text(): string {
    return this.stringThat((text) => text.trim() !== "", "a string that is not empty");
  }

  /** A string that passes a test; `expected` describes what would. */
  stringThat(holds: (text: string) => boolean, expected: string): string {
    const text = this.string();
    return holds(text) ? text : this.fail(expected);
  }

  oneOf<const T extends string>(choices: readonly T[]): T {
    const choice = choices.find((candidate) => candidate === this.#value);
    return choice ?? this.fail(`one of ${choices.join(", ")}`);
  }

  sha256(): string {
    return this.stringThat((text) => /^[0-9a-f]{64}$/.test(text), "64 lower-case hex digits");
  }

  number({ min }: { min: number }): number {
    const value = this.#value;
    if (typeof value !== "number" || !Number.isFinite(value) || value < min)
      this.fail(min === Number.NEGATIVE_INFINITY ? "a number" : `a number of at least ${min}`);
    return value;
  }

  integer({ min, max = Number.MAX_SAFE_INTEGER }: { min: number; max?: number }): number {
    const value = this.#value;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max)
      this.fail(
        max === Number.MAX_SAFE_INTEGER
          ? `a whole number of at least ${min}`
          : `a whole number from ${min} to ${max}`,
      );
    return value;
  }

  /** Reads the field with `read` where it is present. */
  optional<T>(read: (field: Field) => T): T | undefined {
    return this.isPresent ? read(this) : undefined;
  }

  /** The object itself, for whoever reads it otherwise. */
  object(): Record<string, unknown> {
    const value = this.#value;
    if (typeof value !== "object" || value === null || Array.isArray(value)) this.fail("an object");
    return value as Record<string, unknown>;
  }
}

/** Lists and objects are only named: to write out one nested deeply enough overflows the stack. */
function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

import { type ErrorCode, SelvedgeError } from "./selvedge-error.ts";

/**
 * A value from outside together with the path that leads to it, so that whatever is wrong can be
 * named: `variants[0].tensors[3].sha256: expected 64 hex digits, got "abc"`.
 */
export class Field {
  readonly #value: unknown;
  readonly #path: string;
  readonly #code: ErrorCode;

  private constructor(value: unknown, path: string, code: ErrorCode) {
    this.#value = value;
    this.#path = path;
    this.#code = code;
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
    return new Field(value, `${document}: `, code);
  }

  /** Raises this document's error about this field. */
  fail(expected: string): never {
    const path = this.#path.endsWith(": ") ? `${this.#path}it` : this.#path;
    const got = this.#value === undefined ? "nothing" : show(this.#value);
    throw new SelvedgeError(this.#code, `${path}: expected ${expected}, got ${got}.`, {
      detail: { field: this.#path.replace(/^.*?: /, "") },
    });
  }

  get isPresent(): boolean {
    return this.#value !== undefined;
  }

  /** The field of this name; absent fields fail when they are read as something. */
  at(key: string): Field {
    if (typeof this.#value !== "object" || this.#value === null || Array.isArray(this.#value))
      this.fail("an object");
    const value = Object.hasOwn(this.#value, key)
      ? (this.#value as Record<string, unknown>)[key]
      : undefined;
    return new Field(value, this.#path + (this.#path.endsWith(": ") ? key : `.${key}`), this.#code);
  }

  items(): Field[] {
    if (!Array.isArray(this.#value)) this.fail("a list");
    return this.#value.map(
      (value: unknown, index) => new Field(value, `${this.#path}[${index}]`, this.#code),
    );
  }

  entries(): [key: string, field: Field][] {
    if (typeof this.#value !== "object" || this.#value === null || Array.isArray(this.#value))
      this.fail("an object");
    return Object.keys(this.#value).map((key) => [key, this.at(key)]);
  }

  string(): string {
    if (typeof this.#value !== "string") this.fail("a string");
    return this.#value;
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

  number(): number {
    if (typeof this.#value !== "number" || !Number.isFinite(this.#value)) this.fail("a number");
    return this.#value;
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
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

import {
  type DuckDBConnection,
  DuckDBListValue,
  type DuckDBValueConverter,
  type JS,
  JSDuckDBValueConverter,
} from "@duckdb/node-api";
import { SelvedgeError } from "@selvedge/protocol";

/** A row of an answer, by column. */
export class AnswerRow {
  readonly #values: Readonly<Record<string, JS>>;

  constructor(values: Readonly<Record<string, JS>>) {
    this.#values = values;
  }

  text(column: string): string {
    const value = this.#values[column];
    return typeof value === "string" ? value : this.#fail(column, "text");
  }

  texts(column: string): string[] {
    const value = this.#values[column];
    if (!Array.isArray(value)) return this.#fail(column, "a list");
    return value.filter((item) => typeof item === "string");
  }

  optionalText(column: string): string | undefined {
    return this.#values[column] === null ? undefined : this.text(column);
  }

  boolean(column: string): boolean {
    return this.optionalBoolean(column) ?? this.#fail(column, "true or false");
  }

  optionalBoolean(column: string): boolean | undefined {
    const value = this.#values[column];
    if (value === null) return undefined;
    return typeof value === "boolean" ? value : this.#fail(column, "true or false");
  }

  number(column: string): number {
    return this.optionalNumber(column) ?? this.#fail(column, "a number");
  }

  numbers(column: string): number[] {
    const value = this.#values[column];
    if (value === null) return [];
    if (!Array.isArray(value)) return this.#fail(column, "a list");
    return value.every((item) => typeof item === "number") ? value : value.map(Number);
  }

  optionalNumber(column: string): number | undefined {
    const value = this.#values[column];
    if (value === null) return undefined;
    if (typeof value === "bigint") return Number(value);
    return typeof value === "number" ? value : this.#fail(column, "a number");
  }

  #fail(column: string, expected: string): never {
    throw new SelvedgeError(
      "store-failed",
      `The store answered something other than ${expected} for ${column}. Its schema does not match this collector.`,
      { detail: { column } },
    );
  }
}

/** What a query's named parameters may be; a parameter that is not used is refused by DuckDB. */
export type Parameters = Readonly<Record<string, string | number>>;

/** Asks the store something in SQL. */
export type ReadRows = (sql: string, parameters: Parameters) => Promise<AnswerRow[]>;

/** Asks on a connection, in whatever transaction it is. */
export function rowsOn(connection: DuckDBConnection): ReadRows {
  return async (sql, parameters) => {
    const reader = await connection.runAndReadAll(sql, { ...parameters });
    return reader.convertRowObjects(toJS).map((row) => new AnswerRow(row));
  };
}

/** Lists of numbers are what most of an answer is, and come as what they are to be. */
const toJS: DuckDBValueConverter<JS> = (value, type, converter) =>
  value instanceof DuckDBListValue && value.items.every((item) => typeof item === "number")
    ? [...value.items]
    : JSDuckDBValueConverter(value, type, converter);

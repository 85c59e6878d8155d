import { TensorProto_DataType as DataType } from "onnx-buf";
import type { DataField } from "./data-dictionary.ts";
import type { OnnxBuilder } from "./onnx-builder.ts";
import type { PmmlElement } from "./pmml-element.ts";

/** A field's values, row by row, as one column of float32 in which NaN is a missing value. */
export interface Column {
  /** The name of the value in the graph. */
  readonly value: string;
  /** Whether its numbers are places in a list, and say nothing of order or size. */
  readonly isCategory: boolean;
  /** Whether numbers in the document are float32 too, so that they equal the column's. */
  readonly isFloat32: boolean;
  /** The number in the column that stands for a value in the document. */
  encode(text: string, asker: PmmlElement): number;
}

/** What fields are called at one place of a document. */
export interface FieldScope {
  /** @throws SelvedgeError `model-invalid` or `model-unsupported` for a field that is not there. */
  column(name: string, asker: PmmlElement): Column;
}

/** What is known of an input: which values make its model answer one thing and which another. */
export interface FieldInput {
  readonly field: DataField;
  readonly turningPoints: ReadonlySet<number>;
}

/** The fields of a `DataDictionary`: each becomes an input of the model once something asks for it. */
export class DictionaryScope implements FieldScope {
  readonly #builder: OnnxBuilder;
  readonly #fields: ReadonlyMap<string, DataField>;
  readonly #columns = new Map<string, Column>();
  readonly #turningPoints = new Map<string, Set<number>>();

  constructor(builder: OnnxBuilder, fields: ReadonlyMap<string, DataField>) {
    this.#builder = builder;
    this.#fields = fields;
  }

  /** The fields that became inputs, in the dictionary's order. */
  get inputs(): FieldInput[] {
    return [...this.#fields.values()].flatMap((field) => {
      const turningPoints = this.#turningPoints.get(field.name);
      return turningPoints === undefined ? [] : [{ field, turningPoints }];
    });
  }

  column(name: string, asker: PmmlElement): Column {
    const known = this.#columns.get(name);
    if (known !== undefined) return known;
    const field = this.#fields.get(name);
    if (field === undefined) return asker.fail(`there is no field "${name}"`);
    const column = this.#open(field);
    this.#columns.set(name, column);
    return column;
  }

  #open(field: DataField): Column {
    const { name, kind, dataType, values, element } = field;
    if (element.children("Value").some((value) => value.attribute("property") === "missing"))
      element.refuse("some of its values stand for missing ones");
    const turningPoints = new Set<number>();
    this.#turningPoints.set(name, turningPoints);
    if (kind === "category" && values.length === 0)
      element.refuse("it is text, and its values are not listed");
    return {
      value: this.#input(name, kind),
      isCategory: kind === "category",
      isFloat32: dataType === "float",
      encode: (text, asker) => {
        const number = encode(field, text, asker);
        turningPoints.add(number);
        return number;
      },
    };
  }

  #input(name: string, kind: DataField["kind"]): string {
    if (kind === "number") return this.#builder.input(name, DataType.FLOAT);
    if (kind === "boolean")
      return this.#builder.cast(this.#builder.input(name, DataType.BOOL), DataType.FLOAT);
    const place = this.#builder.cast(this.#builder.input(name, DataType.INT64), DataType.FLOAT);
    const zero = this.#builder.floats([0]);
    const isMissing = this.#builder.op("Less", [place, zero]);
    return this.#builder.op("Where", [isMissing, this.#builder.floats([Number.NaN]), place]);
  }
}

function encode({ kind, values }: DataField, text: string, asker: PmmlElement): number {
  if (kind === "number") return asker.parseNumber(text, "value");
  if (kind === "boolean") {
    if (!/^(true|false|1|0)$/.test(text))
      asker.fail(`its value "${text}" is neither true nor false`);
    return text === "true" || text === "1" ? 1 : 0;
  }
  const place = values.indexOf(text);
  return place === -1
    ? asker.fail(`its value "${text}" is not one that the field may have`)
    : place;
}

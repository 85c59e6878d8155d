import { TensorProto_DataType as DataType } from "onnx-buf";
import { integerAttribute } from "../../onnx/onnx-node.ts";
import type { FieldScope } from "./field-scope.ts";
import { normalizeCategories, normalizeNumber } from "./normalization.ts";
import type { OnnxBuilder } from "./onnx-builder.ts";
import type { PmmlElement } from "./pmml-element.ts";

/** Writes a `RegressionModel` that answers with a number. @returns `[rows, 1]` */
export function regressionNumber(
  builder: OnnxBuilder,
  model: PmmlElement,
  scope: FieldScope,
): string {
  const tables = model.children("RegressionTable");
  if (tables.length !== 1) model.fail(`it has ${tables.length} RegressionTables instead of one`);
  return normalizeNumber(builder, model, sumsOf({ builder, model, tables, scope }));
}

/** Writes a `RegressionModel` that answers with a category. @returns probabilities, `[rows, categories]` */
export function regressionCategories(
  builder: OnnxBuilder,
  model: PmmlElement,
  scope: FieldScope,
): { categories: string[]; probabilities: string } {
  const tables = model.children("RegressionTable");
  const categories = tables.map((table) => table.required("targetCategory"));
  if (categories.length < 2 || new Set(categories).size < categories.length)
    model.fail("it needs one RegressionTable for each of two categories or more");
  const sums = sumsOf({ builder, model, tables, scope });
  const probabilities = normalizeCategories(builder, model, sums, categories.length);
  return { categories, probabilities };
}

interface Tables {
  readonly builder: OnnxBuilder;
  readonly model: PmmlElement;
  readonly tables: readonly PmmlElement[];
  readonly scope: FieldScope;
}

/** One sum for each table: its intercept, and terms that tables share times a coefficient each. */
function sumsOf({ builder, model, tables, scope }: Tables): string {
  const terms = new Map<string, { column: string; coefficients: number[] }>();
  for (const [index, table] of tables.entries())
    for (const predictor of table.children()) {
      const { key, write, coefficient } = readTerm(builder, predictor, scope);
      const term = terms.get(key) ?? { column: write(), coefficients: tables.map(() => 0) };
      term.coefficients[index] = (term.coefficients[index] ?? 0) + coefficient;
      terms.set(key, term);
    }
  const written = [...terms.values()];
  if (written.length === 0) return model.refuse("it has no predictors");
  const columns = written.map(({ column }) => column);
  const [only = ""] = columns;
  const features =
    columns.length === 1 ? only : builder.op("Concat", columns, [integerAttribute("axis", 1)]);
  const weights = builder.floats(
    written.flatMap(({ coefficients }) => coefficients),
    [written.length, tables.length],
  );
  const intercepts = builder.floats(tables.map((table) => table.number("intercept")));
  return builder.op("Add", [builder.op("MatMul", [features, weights]), intercepts]);
}

interface Term {
  /** The same for terms that are equal. */
  readonly key: string;
  readonly coefficient: number;
  /** Writes it as a column. */
  write(): string;
}

function readTerm(builder: OnnxBuilder, predictor: PmmlElement, scope: FieldScope): Term {
  const coefficient = predictor.number("coefficient");
  switch (predictor.name) {
    case "NumericPredictor": {
      const value = numericColumn(predictor, predictor.required("name"), scope);
      const exponent = predictor.number("exponent", 1);
      const power = () => builder.op("Pow", [value, builder.floats([exponent])]);
      const write = () => (exponent === 1 ? value : power());
      return { key: `${value} ^ ${exponent}`, coefficient, write };
    }
    case "CategoricalPredictor": {
      const column = scope.column(predictor.required("name"), predictor);
      const number = Math.fround(column.encode(predictor.required("value"), predictor));
      // Of a missing value, no category is true.
      const write = () =>
        builder.cast(builder.op("Equal", [column.value, builder.floats([number])]), DataType.FLOAT);
      return { key: `${column.value} = ${number}`, coefficient, write };
    }
    case "PredictorTerm": {
      const factors = predictor
        .children("FieldRef")
        .map((field) => numericColumn(field, field.required("field"), scope));
      const [first] = factors;
      if (first === undefined) return predictor.fail("it refers to no field");
      const write = () => factors.slice(1).reduce((a, b) => builder.op("Mul", [a, b]), first);
      return { key: factors.join(" * "), coefficient, write };
    }
    default:
      return predictor.refuse(`${predictor.name} stands among its predictors`);
  }
}

function numericColumn(element: PmmlElement, name: string, scope: FieldScope): string {
  const { value, isCategory } = scope.column(name, element);
  return isCategory ? element.fail(`"${name}" is text, and counted with as a number`) : value;
}

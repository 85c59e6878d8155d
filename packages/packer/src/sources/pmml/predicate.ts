import { TensorProto_DataType as DataType } from "onnx-buf";
import { integerAttribute, integersAttribute } from "../../onnx/onnx-node.ts";
import { COMPARISONS, isOperator, type Operator, threshold } from "./comparison.ts";
import type { Column, FieldScope } from "./field-scope.ts";
import type { OnnxBuilder } from "./onnx-builder.ts";
import type { PmmlElement } from "./pmml-element.ts";

/** When a node of a tree is the one to go to. */
export type Predicate =
  | { readonly kind: "true" | "false" }
  | Comparison
  | {
      readonly kind: "set";
      readonly field: string;
      readonly column: Column;
      readonly isIn: boolean;
      readonly values: readonly number[];
    }
  | {
      readonly kind: "compound";
      readonly op: "And" | "Or" | "Xor";
      readonly parts: readonly Predicate[];
    };

/** A field's value against a number. */
interface Comparison {
  readonly kind: "comparison";
  readonly field: string;
  readonly column: Column;
  readonly operator: Operator;
  /** As float32. */
  readonly value: number;
}

const NAMES = ["True", "False", "SimplePredicate", "SimpleSetPredicate", "CompoundPredicate"];

const COMPOUNDS = { and: "And", or: "Or" } as const;

/** Reads the predicate among an element's children. */
export function predicateOf(element: PmmlElement, scope: FieldScope): Predicate {
  const predicate = element.children().find(({ name }) => NAMES.includes(name));
  return predicate === undefined
    ? element.fail("it has no predicate")
    : readPredicate(predicate, scope);
}

function readPredicate(element: PmmlElement, scope: FieldScope): Predicate {
  switch (element.name) {
    case "True":
      return { kind: "true" };
    case "False":
      return { kind: "false" };
    case "SimplePredicate":
      return comparison(element, scope);
    case "SimpleSetPredicate":
      return setPredicate(element, scope);
    default:
      return compound(element, scope);
  }
}

function compound(element: PmmlElement, scope: FieldScope): Predicate {
  const operator = element.required("booleanOperator");
  if (operator !== "and" && operator !== "or" && operator !== "xor")
    return element.refuse(`it is a predicate of "${operator}"`);
  const parts = element
    .children()
    .filter(({ name }) => NAMES.includes(name))
    .map((part) => readPredicate(part, scope));
  if (parts.length === 0) element.fail("it holds no predicates");
  const open = parts.filter(({ kind }) => kind !== "true" && kind !== "false");
  if (operator === "xor") {
    if (open.length < parts.length) element.refuse("one of its predicates is constant");
    return { kind: "compound", op: "Xor", parts };
  }
  // What decides the whole when it is one of the parts.
  const decisive = operator === "and" ? "false" : "true";
  if (parts.some(({ kind }) => kind === decisive)) return { kind: decisive };
  const [only, ...others] = open;
  if (only === undefined) return { kind: operator === "and" ? "true" : "false" };
  return others.length === 0 ? only : { kind: "compound", op: COMPOUNDS[operator], parts: open };
}

function comparison(element: PmmlElement, scope: FieldScope): Comparison {
  const field = element.required("field");
  const operator = element.required("operator");
  if (!isOperator(operator)) return element.refuse(`it tests "${operator}"`);
  const column = scope.column(field, element);
  if (column.isCategory && operator !== "equal" && operator !== "notEqual")
    element.refuse(`it asks which texts come first ("${operator}")`);
  const value = column.encode(element.required("value"), element);
  const rounded = column.isFloat32 ? Math.fround(value) : threshold(operator, value);
  return { kind: "comparison", field, column, operator, value: rounded };
}

function setPredicate(element: PmmlElement, scope: FieldScope): Predicate {
  const field = element.required("field");
  const operator = element.required("booleanOperator");
  if (operator !== "isIn" && operator !== "isNotIn")
    return element.refuse(`it tests "${operator}"`);
  const column = scope.column(field, element);
  const values = arrayOf(element.requiredChild("Array")).map((text) =>
    Math.fround(column.encode(text, element)),
  );
  if (values.length === 0) element.fail("its Array is empty");
  return { kind: "set", field, column, isIn: operator === "isIn", values };
}

/** Splits the text of an `Array`: words, of which those with spaces stand in quotes. */
function arrayOf(element: PmmlElement): string[] {
  const words = element.text.match(/"(?:\\.|[^"\\])*"|[^\s"]+/g) ?? [];
  return words.map((word) =>
    word.startsWith('"') ? word.slice(1, -1).replace(/\\(["\\])/g, "$1") : word,
  );
}

/** Whether exactly one of two predicates holds for every value that is not missing. */
export function areOpposites(a: Predicate, b: Predicate): boolean {
  if (a.kind === "comparison" && b.kind === "comparison")
    return (
      a.field === b.field && a.operator === COMPARISONS[b.operator].opposite && a.value === b.value
    );
  return (
    a.kind === "set" &&
    b.kind === "set" &&
    a.field === b.field &&
    a.isIn !== b.isIn &&
    [...a.values].sort().join() === [...b.values].sort().join()
  );
}

/** The fields that a predicate asks about. */
export function columnsOf(predicate: Predicate): Column[] {
  if (predicate.kind === "compound") return predicate.parts.flatMap(columnsOf);
  return predicate.kind === "comparison" || predicate.kind === "set" ? [predicate.column] : [];
}

/** Writes a predicate as a column: 1 where it holds, 0 where not, NaN where a value is missing. */
export function indicator(builder: OnnxBuilder, predicate: Predicate): string {
  const holds = builder.cast(truth(builder, predicate), DataType.FLOAT);
  const columns = [...new Set(columnsOf(predicate).map(({ value }) => value))];
  return columns.length === 0 ? holds : unlessMissing(builder, holds, columns);
}

/** Puts NaN into the rows in which any of the columns is missing. */
export function unlessMissing(
  builder: OnnxBuilder,
  value: string,
  columns: readonly string[],
): string {
  const nan = builder.floats([Number.NaN]);
  return builder.op("Where", [anyMissing(builder, columns), nan, value]);
}

function anyMissing(builder: OnnxBuilder, columns: readonly string[]): string {
  const [first = "", ...others] = columns.map((column) => builder.op("IsNaN", [column]));
  return others.reduce((any, one) => builder.op("Or", [any, one]), first);
}

function truth(builder: OnnxBuilder, predicate: Predicate): string {
  switch (predicate.kind) {
    case "true":
    case "false": {
      const number = builder.floats([predicate.kind === "true" ? 1 : 0]);
      return builder.cast(number, DataType.BOOL);
    }
    case "comparison": {
      const { column, operator, value } = predicate;
      const is = builder.op(COMPARISONS[operator].op, [column.value, builder.floats([value])]);
      return operator === "notEqual" ? builder.op("Not", [is]) : is;
    }
    case "set": {
      const { column, isIn, values } = predicate;
      const equals = builder.op("Equal", [column.value, builder.floats(values)]);
      const each = builder.cast(equals, DataType.FLOAT);
      const any = builder.op(
        "ReduceMax",
        [each],
        [integersAttribute("axes", [1]), integerAttribute("keepdims", 1)],
      );
      const found = builder.cast(any, DataType.BOOL);
      return isIn ? found : builder.op("Not", [found]);
    }
    case "compound": {
      const [first = "", ...others] = predicate.parts.map((part) => truth(builder, part));
      return others.reduce((all, part) => builder.op(predicate.op, [all, part]), first);
    }
  }
}

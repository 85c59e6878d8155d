import type { Column, FieldScope } from "./field-scope.ts";
import type { OnnxBuilder } from "./onnx-builder.ts";
import type { PmmlElement } from "./pmml-element.ts";

/** What makes a field another one: `DerivedField` elements, by name. */
export type Derived = ReadonlyMap<string, PmmlElement>;

/** The fields a document derives for all of its models. */
export function derivedFields(element: PmmlElement | undefined): Derived {
  return new Map(
    element?.children("DerivedField").map((field) => [field.required("name"), field]) ?? [],
  );
}

/** The fields of one model: those its `MiningSchema` names, treated as that says, and derived ones. */
export class ModelScope implements FieldScope {
  readonly #builder: OnnxBuilder;
  readonly #outer: FieldScope;
  readonly #mining: ReadonlyMap<string, PmmlElement>;
  readonly #derived: Derived;
  readonly #columns = new Map<string, Column>();
  readonly #opening = new Set<string>();

  constructor(builder: OnnxBuilder, model: PmmlElement, outer: FieldScope, shared: Derived) {
    this.#builder = builder;
    this.#outer = outer;
    const mining = model.requiredChild("MiningSchema").children("MiningField");
    this.#mining = new Map(mining.map((field) => [field.required("name"), field]));
    this.#derived = new Map([...shared, ...derivedFields(model.child("LocalTransformations"))]);
  }

  column(name: string, asker: PmmlElement): Column {
    const known = this.#columns.get(name);
    if (known !== undefined) return known;
    if (this.#opening.has(name)) return asker.fail(`field "${name}" is derived from itself`);
    this.#opening.add(name);
    const column = this.#open(name, asker);
    this.#columns.set(name, column);
    return column;
  }

  #open(name: string, asker: PmmlElement): Column {
    const derived = this.#derived.get(name);
    if (derived !== undefined) return this.#derive(derived);
    const mining = this.#mining.get(name);
    if (mining === undefined) return asker.fail(`field "${name}" is not in the MiningSchema`);
    return this.#treat(this.#outer.column(name, asker), mining);
  }

  /** Another name for a field, perhaps in another precision, is all that can be derived. */
  #derive(field: PmmlElement): Column {
    const [expression] = field.children().filter(({ name }) => name !== "Value");
    if (expression?.name !== "FieldRef" || expression.attribute("mapMissingTo") !== undefined)
      return field.refuse(`it is computed (${expression?.name ?? "empty"})`);
    const dataType = field.required("dataType");
    const column = this.column(expression.required("field"), expression);
    if (dataType === "float") return { ...column, isFloat32: true };
    return /^(double|string)$/.test(dataType)
      ? column
      : field.refuse(`it turns values into ${dataType}`);
  }

  #treat(column: Column, mining: PmmlElement): Column {
    const outliers = mining.attribute("outliers") ?? "asIs";
    if (outliers !== "asIs") mining.refuse(`outliers are treated ${outliers}`);
    const replacement = mining.attribute("missingValueReplacement");
    if (replacement === undefined) return column;
    const other = this.#builder.floats([column.encode(replacement, mining)]);
    const isMissing = this.#builder.op("IsNaN", [column.value]);
    return { ...column, value: this.#builder.op("Where", [isMissing, other, column.value]) };
  }
}

import type { PmmlElement } from "./pmml-element.ts";

/** A field that a PMML document defines. */
export interface DataField {
  readonly name: string;
  /** Categories are text, given to the model as their place in `values`. */
  readonly kind: "number" | "boolean" | "category";
  readonly dataType: string;
  readonly isOrdinal: boolean;
  /** The values it may have, where they are listed. */
  readonly values: readonly string[];
  /** The finite interval that its values lie in, where one is told. */
  readonly interval: readonly [number, number] | undefined;
  readonly element: PmmlElement;
}

/** Reads every field of the `DataDictionary`. */
export function dataDictionary(pmml: PmmlElement): Map<string, DataField> {
  const fields = new Map<string, DataField>();
  for (const element of pmml.requiredChild("DataDictionary").children("DataField")) {
    const field = dataField(element);
    if (field.name === "") element.fail("its name is empty");
    if (fields.has(field.name)) element.fail("there is another field of this name");
    fields.set(field.name, field);
  }
  return fields;
}

function dataField(element: PmmlElement): DataField {
  const dataType = element.required("dataType");
  const listed = element.children("Value");
  return {
    name: element.required("name"),
    kind: kindOf(dataType),
    dataType,
    isOrdinal: element.attribute("optype") === "ordinal",
    values: [
      ...new Set(
        listed
          .filter((value) => (value.attribute("property") ?? "valid") === "valid")
          .map((value) => value.required("value")),
      ),
    ],
    interval: intervalOf(element),
    element,
  };
}

function kindOf(dataType: string): DataField["kind"] {
  if (dataType === "boolean") return "boolean";
  return /^(integer|float|double)$/.test(dataType) ? "number" : "category";
}

function intervalOf(element: PmmlElement): readonly [number, number] | undefined {
  const [interval] = element.children("Interval");
  const left = Number(interval?.attribute("leftMargin") ?? Number.NaN);
  const right = Number(interval?.attribute("rightMargin") ?? Number.NaN);
  return Number.isFinite(right - left) && left < right ? [left, right] : undefined;
}

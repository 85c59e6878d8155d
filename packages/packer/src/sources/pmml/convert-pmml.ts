import { TensorProto_DataType as DataType, type ModelProto } from "onnx-buf";
import type { Attachment } from "../../assemble-pack.ts";
import type { NamedTensor } from "../../named-tensor.ts";
import { integerAttribute } from "../../onnx/onnx-node.ts";
import { modelCategories, modelNumber } from "./convert-model.ts";
import { dataDictionary } from "./data-dictionary.ts";
import { DictionaryScope, type FieldInput } from "./field-scope.ts";
import { derivedFields } from "./model-scope.ts";
import { OnnxBuilder } from "./onnx-builder.ts";
import { PmmlElement } from "./pmml-element.ts";
import { pmmlInputs } from "./pmml-inputs.ts";
import { MODELS } from "./segmentation.ts";
import type { CategoryAnswer } from "./tree-answers.ts";

/** A PMML document as an ONNX model, and what a page needs to use it. */
export interface ConvertedPmml {
  readonly model: ModelProto;
  /** `labels.txt`, the categories it answers with; `categories.json`, those it takes, by field. */
  readonly attachments: readonly Attachment[];
  readonly inputs: readonly NamedTensor[];
  readonly notes: readonly string[];
}

/**
 * Makes an ONNX model of a PMML document. Each field that the model uses is an input of one column
 * and any number of rows: float32 for numbers, bool, or int64, the place in the list, for text.
 * A regression answers `y`; a classification `label`, the place of the category, and `probabilities`.
 * Where a value is missing that the answer depends on, that is NaN, and the label −1.
 *
 * @param document what to call it in errors
 * @throws SelvedgeError `model-invalid` or `model-unsupported`, naming the element.
 */
export function convertPmml(text: string, document: string): ConvertedPmml {
  const pmml = PmmlElement.parse(text, document);
  const version = pmml.required("version");
  if (!/^4\./.test(version)) pmml.refuse(`it is PMML ${version}, not 4`);
  const model = pmml.children().find(({ name }) => name.endsWith("Model"));
  if (model === undefined) return pmml.fail("it holds no model");
  if (!MODELS.includes(model.name)) return model.refuse(`it is none of ${MODELS.join(", ")}`);

  const fields = dataDictionary(pmml);
  const builder = new OnnxBuilder(fields.keys());
  const scope = new DictionaryScope(builder, fields);
  const derived = derivedFields(pmml.child("TransformationDictionary"));
  const conversion = { builder, fields, derived };
  const labels: Attachment[] = [];
  switch (model.required("functionName")) {
    case "regression": {
      const y = modelNumber(model, scope, conversion);
      builder.output("y", y, { columns: 1, type: DataType.FLOAT });
      break;
    }
    case "classification": {
      const answer = modelCategories(model, scope, conversion);
      writeCategories(builder, answer);
      labels.push({ name: "labels.txt", bytes: lines(answer.categories, model) });
      break;
    }
    default:
      model.refuse("its function is neither regression nor classification");
  }
  return {
    model: builder.finish(),
    attachments: [...labels, ...categoriesOf(scope.inputs)],
    inputs: pmmlInputs(scope.inputs),
    notes: notesOn(model),
  };
}

function writeCategories(
  builder: OnnxBuilder,
  { categories, probabilities, winner }: CategoryAnswer,
): void {
  const one = integerAttribute("axis", 1);
  const keep = integerAttribute("keepdims", 1);
  const likeliest = () =>
    builder.cast(builder.op("ArgMax", [probabilities], [one, keep]), DataType.FLOAT);
  const place = winner ?? likeliest();
  const sum = builder.op("ReduceSum", [probabilities, builder.integers([1])], [keep]);
  const isMissing = builder.op("IsNaN", [sum]);
  const known = builder.op("Where", [isMissing, builder.floats([-1]), place]);
  const label = builder.cast(known, DataType.INT64);
  builder.output("label", label, { columns: 1, type: DataType.INT64 });
  const columns = categories.length;
  builder.output("probabilities", probabilities, { columns, type: DataType.FLOAT });
}

function lines(categories: readonly string[], model: PmmlElement): Uint8Array<ArrayBuffer> {
  const broken = categories.find((category) => /[\r\n]/.test(category));
  if (broken !== undefined) model.refuse("a category of its target has more than one line");
  return new TextEncoder().encode(categories.map((category) => `${category}\n`).join(""));
}

function categoriesOf(inputs: readonly FieldInput[]): Attachment[] {
  const texts = inputs.filter(({ field }) => field.kind === "category");
  if (texts.length === 0) return [];
  const byField = Object.fromEntries(texts.map(({ field }) => [field.name, field.values]));
  const bytes = new TextEncoder().encode(JSON.stringify(byField));
  return [{ name: "categories.json", bytes }];
}

function notesOn(model: PmmlElement): string[] {
  const notes: string[] = [];
  const computed = (model.child("Output")?.children("OutputField") ?? []).filter(
    (field) =>
      !/^(predictedValue|probability)$/.test(field.attribute("feature") ?? "predictedValue"),
  );
  const names = computed.map((field) => `"${field.required("name")}"`).join(", ");
  if (names !== "")
    notes.push(
      `Of the document's Output, ${names} were left out: only what the model itself answers is packed.`,
    );
  for (const { name, strategy } of [...model.descendants()].map((element) => ({
    name: element.name,
    strategy: element.attribute("missingValueStrategy") ?? "none",
  })))
    if (name === "TreeModel" && !/^(none|nullPrediction|defaultChild)$/.test(strategy)) {
      notes.push(
        `Where a value is missing, trees answer NaN and not, as they would by ${strategy}, with a guess.`,
      );
      break;
    }
  return notes;
}

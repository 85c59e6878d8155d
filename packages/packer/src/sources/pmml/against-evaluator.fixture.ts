import { expect } from "vitest";
import { seededRandom } from "../../golden/seeded-random.ts";
import { bytesFrom, elementsOf, type NamedTensor } from "../../named-tensor.ts";
import { answer } from "../../runtime/run-model.fixture.ts";
import { convertPmml } from "./convert-pmml.ts";
import { COLOURS } from "./pmml-documents.fixture.ts";
import { pmmlEvaluator, type Row } from "./pmml-evaluator.fixture.ts";

/** Numbers at which documents of tests change their minds. */
const THRESHOLDS = [0.1, -0.3, 1 / 3, 0.7, 2.5];

/** 200 rows: of each number, thresholds as float32 and their neighbours, and anything between. */
function rows(missing: number): Row[] {
  const random = seededRandom(7);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const near = (): number => {
    const bits = new Int32Array(Float32Array.of(pick(THRESHOLDS)).buffer);
    bits[0] = (bits[0] ?? 0) + Math.floor(random() * 3) - 1;
    return random() < 0.5 ? (new Float32Array(bits.buffer)[0] ?? 0) : Math.fround(random() * 6 - 3);
  };
  return Array.from({ length: 200 }, () => {
    const row: Row = {
      x: near(),
      f: near(),
      n: Math.floor(random() * 7) - 3,
      colour: pick(COLOURS),
      open: random() < 0.5,
    };
    return Object.fromEntries(
      Object.entries(row).filter(([name]) => name === "open" || random() >= missing),
    );
  });
}

/** What a page would pass for these rows. */
function tensorsOf(inputs: readonly NamedTensor[], all: readonly Row[]): NamedTensor[] {
  return inputs.map(({ name, dtype }) => {
    const values = all.map((row) => {
      const value = row[name];
      if (typeof value === "string") return COLOURS.indexOf(value);
      return value === undefined ? (dtype === "int64" ? -1 : NaN) : Number(value);
    });
    const type = dtype === "int64" || dtype === "bool" ? dtype : "float32";
    return { name, dtype, dims: [all.length, 1], bytes: bytesFrom(type, values) };
  });
}

/** What a converted document answers to rows, list after list. */
export async function answers(text: string, all: readonly Row[]) {
  const { model, inputs, attachments } = convertPmml(text, "m.pmml");
  const outputs = await answer(model, tensorsOf(inputs, all));
  const read = (name: string) => {
    const tensor = outputs.find((output) => output.name === name);
    return tensor && Array.from(elementsOf(tensor), Number);
  };
  const labels = attachments.find(({ name }) => name === "labels.txt")?.bytes;
  const categories = labels && new TextDecoder().decode(labels).trimEnd().split("\n");
  return {
    y: read("y"),
    label: read("label"),
    probabilities: read("probabilities"),
    categories,
  };
}

/** Holds a document's answers against the reference evaluator's, row by row. */
export async function expectSame(text: string, missing = 0): Promise<void> {
  const all = rows(missing);
  const { y, label, probabilities, categories = [] } = await answers(text, all);
  const evaluate = pmmlEvaluator(text);
  const seen = new Set<unknown>();
  for (const [index, row] of all.entries()) {
    const expected = evaluate(row);
    const what = `row ${index}: ${JSON.stringify(row)}`;
    if (expected.y !== undefined) {
      seen.add(expected.y);
      if (Number.isNaN(expected.y)) expect(y?.[index], what).toBeNaN();
      else
        expect(Math.abs((y?.[index] ?? NaN) - expected.y), what).toBeLessThan(
          1e-5 * Math.max(1, Math.abs(expected.y)),
        );
      continue;
    }
    seen.add(expected.label);
    expect(categories[label?.[index] ?? -1], what).toBe(expected.label);
    for (const [place, category] of categories.entries()) {
      const probability = probabilities?.[index * categories.length + place] ?? -1;
      if (expected.label === undefined) expect(probability, what).toBeNaN();
      else expect(probability, what).toBeCloseTo(expected.probabilities?.[category] ?? 0, 5);
    }
  }
  // A document of which every row has the same answer would prove nothing.
  expect(seen.size).toBeGreaterThan(1);
}

import { elementsOf, type NamedTensor } from "../named-tensor.ts";
import type { Case, Refuse } from "./cases-file.ts";
import { type NpyArray, readNpyArray } from "./npy-array.ts";
import { unzipArrays } from "./unzip-arrays.ts";

type Label = NonNullable<Case["label"]>;

/** The arrays of one case, or of a batch of them, by what they are to it. */
interface Parts {
  readonly inputs: NamedTensor[];
  readonly outputs: NamedTensor[];
  label?: NpyArray;
  labels?: NpyArray;
}

/**
 * Reads cases from an archive as `numpy.savez` writes it. Its keys say what an array is:
 *
 * - `x` or `inputs/x` is the input called x, `outputs/y` the answer expected of y, `label` the label
 * - `3/x`, `3/outputs/y` and `3/label` are the same of case 3, where there are several
 * - `labels` are those of a batch: every array beside it holds as many cases along its first axis
 */
export function casesFromNpz(bytes: Uint8Array, refuse: Refuse): Case[] {
  const cases = new Map<string, Parts>();
  for (const [key, file] of unzipArrays(bytes, refuse)) {
    const array = readNpyArray(file);
    if (typeof array === "string") return refuse(`array "${key}" must be ${array}`);
    const [, number = "", name = ""] = /^(?:(0|[1-9]\d{0,8})\/)?(.*)$/s.exec(key) ?? [];
    const parts: Parts = cases.get(number) ?? { inputs: [], outputs: [] };
    cases.set(number, parts);
    if (name === "label" || name === "labels") parts[name] = array;
    else add(parts, { key, name, array }, refuse);
  }
  if (cases.size > 1 && cases.has(""))
    return refuse('some of its arrays have the number of a case, as "0/x" has, and some have none');
  const numbered = [...cases].sort(([a], [b]) => Number(a) - Number(b));
  const read = numbered.flatMap(([, parts]) => casesOf(parts, refuse));
  return read.length === 0 ? refuse("it holds no cases") : read;
}

function add(
  { inputs, outputs }: Parts,
  { key, name, array }: { key: string; name: string; array: NpyArray },
  refuse: Refuse,
): void {
  if (array.dtype === "string") refuse(`array "${key}" holds texts, which only labels may`);
  const [, role, rest = name] = /^(inputs|outputs)\/(.*)$/s.exec(name) ?? [];
  const tensors = role === "outputs" ? outputs : inputs;
  // "x" and "inputs/x" are the same input.
  if (tensors.some((tensor) => tensor.name === rest)) refuse(`array "${key}" is there twice`);
  tensors.push({ ...array, name: rest });
}

function casesOf({ inputs, outputs, label, labels }: Parts, refuse: Refuse): Case[] {
  if (labels !== undefined) {
    if (label !== undefined) refuse('"labels" are for a batch of cases, and "label" is for one');
    return casesOfBatch({ inputs, outputs, labels: labelsOf(labels, refuse) }, refuse);
  }
  const [known] =
    label === undefined ? [] : labelsOf({ ...label, dims: [1, ...label.dims] }, refuse);
  return [
    {
      inputs,
      ...(outputs.length === 0 ? {} : { outputs }),
      ...(known === undefined ? {} : { label: known }),
    },
  ];
}

/** Takes a batch apart; each case keeps a first axis, of one. */
function casesOfBatch(
  {
    inputs,
    outputs,
    labels,
  }: Pick<Case, "inputs"> & Required<Pick<Case, "outputs">> & { labels: Label[] },
  refuse: Refuse,
): Case[] {
  const count = labels.length;
  const wrong = [...inputs, ...outputs].find(({ dims }) => dims[0] !== count);
  if (wrong !== undefined)
    refuse(
      `array "${wrong.name}" must hold ${count} cases along its first axis, as "labels" has, and is [${wrong.dims.join(", ")}]`,
    );
  const rows = (tensors: readonly NamedTensor[], index: number): NamedTensor[] =>
    tensors.map(({ name, dtype, dims, bytes }) => {
      const size = bytes.length / count;
      const row = bytes.slice(index * size, (index + 1) * size);
      return { name, dtype, dims: [1, ...dims.slice(1)], bytes: row };
    });
  return labels.map((label, index) => ({
    inputs: rows(inputs, index),
    ...(outputs.length === 0 ? {} : { outputs: rows(outputs, index) }),
    label,
  }));
}

/** The labels along the first axis: texts, numbers, or lists of numbers. */
function labelsOf(array: NpyArray, refuse: Refuse): Label[] {
  const [count = 0, length, ...others] = array.dims;
  if (
    array.dims.length === 0 ||
    others.length > 0 ||
    (length !== undefined && array.dtype === "string")
  )
    return refuse("labels must be texts, numbers, or lists of numbers, one for each case");
  if (array.dtype === "string") return array.texts;
  const numbers = Array.from(elementsOf(array), Number);
  if (!numbers.every(Number.isFinite)) refuse("labels must be finite numbers");
  if (length === undefined) return numbers;
  return Array.from({ length: count }, (_, i) => numbers.slice(i * length, (i + 1) * length));
}

/**
 * A small ONNX model, written by hand: `y = softmax(relu(x · w1) · w2)`, with `x` of [n, 16] and `y` of
 * [n, 8]. Field numbers are those of onnx.proto.
 */
export function tinyModel(seed = 1): Uint8Array<ArrayBuffer> {
  const graph = [
    node("MatMul", ["x", "w1"], ["a"]),
    node("Relu", ["a"], ["b"]),
    node("MatMul", ["b", "w2"], ["c"]),
    node("Softmax", ["c"], ["y"]),
    field(2, text("graph")),
    field(5, floats("w1", [16, 32], weights(16 * 32, seed))),
    field(5, floats("w2", [32, 8], weights(32 * 8, seed + 1))),
    field(11, value("x", 16)),
    field(12, value("y", 8)),
  ].flat();
  const opset = [...field(1, text("")), ...number(2, 13)];
  return Uint8Array.from([...number(1, 8), ...field(7, graph), ...field(8, opset)]);
}

/** What the model answers, as near as arithmetic of 64 bits comes to its own of 32. */
export function tinyAnswer(x: Float32Array, seed = 1): Float32Array {
  const hidden = times(x, weights(16 * 32, seed), 32).map((one) => Math.max(0, one));
  const scores = times(hidden, weights(32 * 8, seed + 1), 8).map(Math.exp);
  const sum = scores.reduce((all, one) => all + one, 0);
  return Float32Array.from(scores, (score) => score / sum);
}

/** One row of numbers that look like inputs: the same for the same seed. */
export function tinyInput(seed: number): Float32Array<ArrayBuffer> {
  return weights(16, seed + 1000);
}

function times(row: ArrayLike<number>, matrix: Float32Array, columns: number): number[] {
  return Array.from({ length: columns }, (_, column) =>
    Array.from(row).reduce((sum, one, i) => sum + one * (matrix[i * columns + column] ?? 0), 0),
  );
}

function weights(length: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed * 2654435761 + 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

function node(op: string, inputs: string[], outputs: string[]): number[] {
  const names = [
    ...inputs.flatMap((name) => field(1, text(name))),
    ...outputs.flatMap((name) => field(2, text(name))),
  ];
  return field(1, [...names, ...field(4, text(op))]);
}

function floats(name: string, dims: number[], values: Float32Array): number[] {
  const raw = [...new Uint8Array(values.buffer)];
  return [
    ...dims.flatMap((size) => number(1, size)),
    ...number(2, 1),
    ...field(8, text(name)),
    ...field(9, raw),
  ];
}

function value(name: string, columns: number): number[] {
  const shape = [...field(1, field(2, text("n"))), ...field(1, number(1, columns))];
  const type = field(1, [...number(1, 1), ...field(2, shape)]);
  return [...field(1, text(name)), ...field(2, type)];
}

function field(id: number, bytes: readonly number[]): number[] {
  return [...varint(id * 8 + 2), ...varint(bytes.length), ...bytes];
}

function number(id: number, content: number): number[] {
  return [...varint(id * 8), ...varint(content)];
}

function varint(content: number): number[] {
  return content < 128 ? [content] : [(content % 128) + 128, ...varint(Math.floor(content / 128))];
}

function text(content: string): number[] {
  return [...new TextEncoder().encode(content)];
}

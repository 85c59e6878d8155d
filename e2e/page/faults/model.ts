/** The model of these tests: small enough to reckon on the page, and no two inputs have one answer. */
export const INPUTS = 32;
export const ROWS = 6;
export const COLUMNS = 8;
export const OUTPUTS: number = ROWS * COLUMNS;

/** `INPUTS` rows of `OUTPUTS`. @param bias what it adds to each output, as the second input is always 1 */
export function weights(bias: number): Float32Array {
  return Float32Array.from({ length: INPUTS * OUTPUTS }, (_, i) => {
    const [row, column] = [Math.floor(i / OUTPUTS), i % OUTPUTS];
    if (row === 1) return bias + column / OUTPUTS;
    return ((row * 37 + column * 101 + row * column) % 97) / 97 - 0.5;
  });
}

/** The input of a call: its number comes first, so that each call has an answer of its own. */
export function inputOf(call: number): Float32Array {
  const [number, one] = [call / 8, 1];
  return Float32Array.from(
    { length: INPUTS },
    (_, i) => [number, one][i] ?? ((call * 7 + i * 13) % 101) / 101,
  );
}

/** What the model answers to a call. */
export function answerOf(call: number, bias: number): Float32Array {
  const x = inputOf(call);
  const w = weights(bias);
  return Float32Array.from({ length: OUTPUTS }, (_, column) =>
    x.reduce((sum, value, row) => sum + value * (w[row * OUTPUTS + column] ?? 0), 0),
  );
}

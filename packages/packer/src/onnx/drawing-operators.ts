/** Operators that draw numbers. Dropout does while training, which it is told by an input. */
export const DRAWING_OPERATORS: ReadonlySet<string> = new Set([
  "Bernoulli",
  "Dropout",
  "Multinomial",
  "RandomNormal",
  "RandomNormalLike",
  "RandomUniform",
  "RandomUniformLike",
]);

/** What is started: which model in which precision, and the folder that peers find its file in. */
export const SUBJECTS = [
  { model: "rec", release: "base", dtype: "fp32" },
  { model: "rec", release: "base", dtype: "q8" },
  { model: "silero", release: "silero", dtype: "fp32" },
  { model: "lande", release: "lande", dtype: "fp32" },
];

/** How rows of results call a subject. */
export function titleOf({ model, dtype }) {
  return `${model} ${dtype}`;
}

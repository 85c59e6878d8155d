import { inputsOf, TEXT } from "./inputs.js";
import { watchTimer } from "./longest-gap.js";

/**
 * Loads the model, asks it once, and reports how that went to whoever drives the browser.
 *
 * @param load resolves to a function from inputs to the model's first output; what the function has as
 * `stages` is reported, in milliseconds by name
 */
export async function visit(load) {
  const {
    model = "rec",
    release,
    dtype,
    build,
    restarts,
  } = Object.fromEntries(new URLSearchParams(location.search));
  const inputs = inputsOf(model);
  const outcome = { written: TEXT };
  const longestGap = watchTimer();
  try {
    const loadedFrom = performance.now();
    const predict = await load({ model, release, dtype, build });
    const loadedAt = performance.now();
    const output = await predict(inputs);
    const answeredAt = performance.now();
    const gap = longestGap();
    const { stages } = predict;
    Object.assign(outcome, { loadedFrom, loadedAt, answeredAt, gap, stages, ...answerIn(output) });
    // An engine that ends takes along what the browser would have put into its code cache by it.
    if (restarts && predict.restart !== undefined)
      outcome.restartedIn = await predict.restart(inputs);
  } catch (error) {
    outcome.error = `${error?.code ?? error?.name ?? "Error"}: ${error?.message ?? error}`;
  }
  await globalThis.report(outcome);
}

/** The most likely class of each step, and a sum by which outputs that differ at all are told apart. */
function answerIn({ data, dims }) {
  const classes = dims.at(-1);
  const best = [];
  for (let start = 0; start < data.length; start += classes) {
    const row = data.subarray(start, start + classes);
    best.push(row.indexOf(row.reduce((most, value) => Math.max(most, value))));
  }
  return { best, total: data.reduce((sum, value, i) => sum + value * (1 + (i % 7)), 0) };
}

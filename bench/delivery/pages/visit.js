import { lineOfText } from "./line-of-text.js";
import { watchTimer } from "./longest-gap.js";

/** What is drawn, and should be read. */
const TEXT = "Total: $42.50";

/**
 * Loads the model, reads one line, and reports how that went to whoever drives the browser.
 *
 * @param load resolves to a function from the line to rec's output
 */
export async function visit(load) {
  const { release, dtype, restarts } = Object.fromEntries(new URLSearchParams(location.search));
  const line = lineOfText(TEXT);
  const outcome = { written: TEXT };
  const longestGap = watchTimer();
  try {
    const loadedFrom = performance.now();
    const predict = await load({ release, dtype });
    const loadedAt = performance.now();
    const output = await predict(line);
    const answeredAt = performance.now();
    const gap = longestGap();
    Object.assign(outcome, { loadedFrom, loadedAt, answeredAt, gap, ...answerIn(output) });
    // An engine that ends takes along what the browser would have put into its code cache by it.
    if (restarts && predict.restart !== undefined)
      outcome.restartedIn = await predict.restart(line);
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

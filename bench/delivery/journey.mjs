import { addressOf, MODEL_PATHS } from "./contenders.mjs";
import { textOf } from "./read-answer.mjs";
import { summary } from "./summary.mjs";
import { visit } from "./visit.mjs";

/**
 * What a visit came to, all its tabs together.
 *
 * @typedef {{ answer: string, total?: number, error?: string, loadedFrom?: number, answeredAt: number, gap: number,
 *   restartedIn?: number, stages?: Record<string, number>,
 *   modelBytes: number, allBytes: number }} Journey
 */

/**
 * A visit of a contender's page on the bench's host: what was read there, when, and what the host sent
 * for it.
 *
 * @returns {Promise<Journey>}
 */
export async function journey(
  { host, url, contenders, labels, executablePath },
  contender,
  { model = "rec", release, dtype, restarts, ...options },
) {
  host.forget();
  const address = url + addressOf(contenders[contender], { model, release, dtype, restarts });
  const outcomes = await visit(address, { executablePath, ...options });
  return {
    error: outcomes.find(({ error }) => error !== undefined)?.error,
    isRight: outcomes.every((outcome) => isRight(model, outcome, labels)),
    stages: outcomes[0].stages,
    total: outcomes[0].total,
    loadedFrom: outcomes[0].loadedFrom,
    answeredAt: Math.max(...outcomes.map(({ answeredAt }) => answeredAt)),
    gap: Math.max(...outcomes.map(({ gap }) => gap)),
    restartedIn: outcomes[0].restartedIn,
    modelBytes: host.bytesOf(MODEL_PATHS),
    allBytes: host.bytesOf(/./),
  };
}

/** What rec reads is known; what others answer, contenders are held to each other by. */
function isRight(model, { best, written, total }, labels) {
  if (best === undefined) return false;
  return model === "rec" ? textOf(best, labels) === written : Number.isFinite(total);
}

/** @throws where a visit to which nothing happened did not read what was written */
export async function journeyThatAnswers(bench, contender, options) {
  const done = await journey(bench, contender, options);
  if (!done.isRight) throw new Error(`${contender}: ${done.error ?? "read something else"}`);
  return done;
}

/** Rows of results about visits of one contender: how long, and how many bytes. */
export function rowsOf(name, contender, visits) {
  const row = (what, metric, key) =>
    summary(
      `${name}: ${what}`,
      contender,
      metric,
      visits.map((each) => each[key]),
    );
  return [
    row("navigation to first prediction", ["duration", "ms"], "answeredAt"),
    row("fetched of the model", ["size", "byte"], "modelBytes"),
    row("fetched in all", ["size", "byte"], "allBytes"),
  ];
}

import { journeyThatAnswers } from "../delivery/journey.mjs";
import { FAST } from "../delivery/links.mjs";
import { ratiosTo, summary } from "../delivery/summary.mjs";
import { withProfile } from "../delivery/visit.mjs";
import { CONTENDERS, PEERS } from "./contenders.mjs";

/** Visits before those that are measured, and how long each lasts: time for what happens when idle. */
const TRAINING_VISITS = 3;
const STAY_MS = 20_000;

/**
 * Later visits, each in a new browser with the profile of the visits before it: from navigation to the
 * first prediction, and how late the page's timer was meanwhile.
 */
export async function measureWarm(bench) {
  const found = { results: [], ratios: [] };
  for (const dtype of ["fp32", "q8"]) {
    const { results, ratios } = await measureDtype(bench, dtype);
    found.results.push(...results);
    found.ratios.push(...ratios);
  }
  return found;
}

async function measureDtype(bench, dtype) {
  bench.host.become({ ...FAST, caching: "strong" });
  const contenders = Object.keys(CONTENDERS);
  const visits = new Map(contenders.map((contender) => [contender, []]));
  await withProfiles(contenders, async (profiles) => {
    for (let round = 0; round < TRAINING_VISITS; round++)
      for (const contender of contenders)
        await journeyThatAnswers(bench, contender, {
          dtype,
          profile: profiles.get(contender),
          stayMs: STAY_MS,
        });
    for (let round = 0; round < bench.rounds; round++)
      for (const contender of contenders) {
        const profile = profiles.get(contender);
        const how = { dtype, profile, restarts: true };
        visits.get(contender).push(await journeyThatAnswers(bench, contender, how));
      }
  });
  const results = [...visits].flatMap(([contender, done]) => rowsOf(dtype, contender, done));
  const starts = results.filter(({ name }) => name.endsWith("first prediction"));
  return {
    results,
    ratios: [...PEERS.flatMap((peer) => ratiosTo(peer, starts)), ...restartRatio(results)],
  };
}

function rowsOf(dtype, contender, visits) {
  const row = (what, key) =>
    summary(
      `warm, ${dtype}: ${what}`,
      contender,
      ["duration", "ms"],
      visits.map((each) => each[key]),
    );
  const rows = [
    row("navigation to first prediction", "answeredAt"),
    row("the page's timer late by", "gap"),
  ];
  const hasRestarted = visits.every(({ restartedIn }) => restartedIn !== undefined);
  return hasRestarted ? [...rows, row("crash to next prediction", "restartedIn")] : rows;
}

/** What an engine's restart takes of a whole warm start. */
function restartRatio(results) {
  const restarts = results.filter(({ name }) => name.endsWith("next prediction"));
  return restarts.flatMap(({ name, contender, median }) => {
    const start = results.find(
      (row) => row.contender === contender && row.name.endsWith("first prediction"),
    );
    const value = Number((median / start.median).toFixed(3));
    return [{ name, of: contender, to: "its own warm start", value }];
  });
}

/** Gives `use` a profile of its own for each contender. */
async function withProfiles(contenders, use, profiles = new Map()) {
  const [contender, ...others] = contenders;
  if (contender === undefined) return use(profiles);
  return withProfile((profile) =>
    withProfiles(others, use, new Map([...profiles, [contender, profile]])),
  );
}

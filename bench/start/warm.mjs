import { journeyThatAnswers } from "../delivery/journey.mjs";
import { FAST } from "../delivery/links.mjs";
import { summary } from "../delivery/summary.mjs";
import { OTHERS_WARM, PEERS_WARM } from "./contenders.mjs";
import { withProfiles } from "./profiles.mjs";
import { ratiosToPeers, requireAgreement, rowsOfVisits } from "./rows.mjs";
import { SUBJECTS, titleOf } from "./subjects.mjs";

/** Visits before those that are measured, and how long each lasts: time for what happens when idle. */
const TRAINING_VISITS = 2;
const STAY_MS = 25_000;

/**
 * Later visits, each in a new browser with the profile of the visits before it: from navigation to the
 * first prediction, stage by stage, how late the page's timer was meanwhile, and a restart.
 */
export async function measureWarm({ ...bench }) {
  bench.host.become({ ...FAST, caching: "strong" });
  bench.contenders = { ...bench.contenders, ...OTHERS_WARM };
  const contenders = Object.keys(bench.contenders);
  const rows = [];
  await withProfiles(contenders, async (profiles) => {
    for (let round = 0; round < TRAINING_VISITS; round++)
      for (const subject of SUBJECTS)
        await Promise.all(
          // Nothing is measured yet, and nearly all of a visit is waiting.
          [...of(subject, bench, profiles)].map(([contender, profile]) =>
            journeyThatAnswers(bench, contender, { ...subject, profile, stayMs: STAY_MS }),
          ),
        );
    for (const subject of SUBJECTS) rows.push(...(await measureSubject(bench, subject, profiles)));
  });
  return { results: rows, ratios: [...ratiosToPeers(rows, PEERS_WARM), ...restartRatios(rows)] };
}

/** The profiles of the contenders that have a subject. */
function of({ model }, { contenders }, profiles) {
  return new Map([...profiles].filter(([name]) => (contenders[name].only ?? model) === model));
}

async function measureSubject(bench, subject, profiles) {
  const title = `warm, ${titleOf(subject)}`;
  const measured = of(subject, bench, profiles);
  const visits = new Map([...measured.keys()].map((contender) => [contender, []]));
  // A crash is remembered until the next visit: all that is measured without one comes first.
  const crashed = new Map([...measured.keys()].map((contender) => [contender, []]));
  for (const [restarts, into] of [
    [undefined, visits],
    [true, crashed],
  ])
    for (let round = 0; round < bench.rounds; round++)
      for (const [contender, profile] of measured) {
        if (restarts && !CAN_RESTART.includes(contender)) continue;
        const how = { ...subject, profile, restarts };
        into.get(contender).push(await journeyThatAnswers(bench, contender, how));
      }
  requireAgreement(title, visits);
  return [...rowsOfVisits(title, visits), ...restartRows(title, crashed)];
}

/** Those whose page can have its engine crash. */
const CAN_RESTART = ["selvedge", "selvedge, loading"];

function restartRows(title, visits) {
  return [...visits].flatMap(([contender, done]) => {
    const times = done.map(({ restartedIn }) => restartedIn);
    if (times.length === 0) return [];
    return [summary(`${title}: crash to next prediction`, contender, ["duration", "ms"], times)];
  });
}

/** What an engine's restart takes of a whole warm start. */
function restartRatios(rows) {
  const restarts = rows.filter(({ name }) => name.endsWith("next prediction"));
  return restarts.map(({ name, contender, median }) => {
    const title = name.slice(0, name.indexOf(":"));
    const start = rows.find(
      (row) =>
        row.contender === contender && row.name === `${title}: navigation to first prediction`,
    );
    const value = Number((median / start.median).toFixed(3));
    return { name, of: contender, to: "its own warm start", value };
  });
}

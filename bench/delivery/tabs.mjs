import { PEER } from "./contenders.mjs";
import { journeyThatAnswers, rowsOf } from "./journey.mjs";
import { SLOW } from "./links.mjs";
import { ratiosTo } from "./summary.mjs";
import { withProfile } from "./visit.mjs";

const CONTENDERS = ["selvedge", PEER];

/** Two tabs that load the model at once, with nothing kept of anything, until both have answered. */
export async function measureTabs(bench) {
  const results = [];
  for (const caching of ["strong", "weak"]) {
    bench.host.become({ ...SLOW, caching });
    const visits = new Map(CONTENDERS.map((contender) => [contender, []]));
    for (let round = 0; round < bench.rounds; round++)
      for (const contender of CONTENDERS)
        await withProfile(async (profile) => {
          const done = await journeyThatAnswers(bench, contender, { profile, tabs: 2 });
          visits.get(contender).push(done);
        });
    for (const [contender, done] of visits)
      results.push(...rowsOf(`two tabs, ${caching} HTTP caching, q8`, contender, done));
  }
  return { results, ratios: ratiosTo(PEER, results) };
}

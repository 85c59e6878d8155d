import { CONTENDERS, PEER } from "./contenders.mjs";
import { journeyThatAnswers, rowsOf } from "./journey.mjs";
import { SLOW } from "./links.mjs";
import { ratiosTo } from "./summary.mjs";
import { withProfile } from "./visit.mjs";

/** A first visit, with nothing kept of anything. */
export async function measureCold(bench) {
  bench.host.become({ ...SLOW, caching: "strong" });
  const contenders = Object.keys(CONTENDERS);
  const visits = new Map(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < bench.rounds; round++)
    for (const contender of contenders)
      await withProfile(async (profile) => {
        visits.get(contender).push(await journeyThatAnswers(bench, contender, { profile }));
      });
  const results = [...visits].flatMap(([contender, done]) => rowsOf("cold, q8", contender, done));
  return { results, ratios: ratiosTo(PEER, results) };
}

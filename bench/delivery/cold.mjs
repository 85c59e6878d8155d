import { CONTENDERS, PEER } from "./contenders.mjs";
import { journeyThatAnswers, rowsOf } from "./journey.mjs";
import { SLOW } from "./links.mjs";
import { ratiosTo } from "./summary.mjs";
import { withProfile } from "./visit.mjs";

/** Who is measured with which precision: all with the one that a page should use. */
const PRECISIONS = { q8: Object.keys(CONTENDERS), fp32: ["selvedge", PEER] };

/** A first visit, with nothing kept of anything. */
export async function measureCold(bench) {
  bench.host.become({ ...SLOW, caching: "strong" });
  const results = [];
  for (const [dtype, contenders] of Object.entries(PRECISIONS)) {
    const visits = new Map(contenders.map((contender) => [contender, []]));
    for (let round = 0; round < bench.rounds; round++)
      for (const contender of contenders)
        await withProfile(async (profile) => {
          const done = await journeyThatAnswers(bench, contender, { profile, dtype });
          visits.get(contender).push(done);
        });
    for (const [contender, done] of visits)
      results.push(...rowsOf(`cold, ${dtype}`, contender, done));
  }
  return { results, ratios: ratiosTo(PEER, results) };
}

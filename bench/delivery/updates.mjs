import { PEER } from "./contenders.mjs";
import { journey, journeyThatAnswers, rowsOf } from "./journey.mjs";
import { FAST, SLOW } from "./links.mjs";
import { UPDATES } from "./models.mjs";
import { ratiosTo } from "./summary.mjs";
import { withProfile } from "./visit.mjs";

const CONTENDERS = ["selvedge", PEER];

/** A visit that asks for a new release, on a device that holds the one before. */
export async function measureUpdates(bench) {
  const kinds = UPDATES.flatMap((release) =>
    CONTENDERS.map((contender) => ({ contender, release, visits: [] })),
  );
  for (let round = 0; round < bench.rounds; round++)
    for (const contender of CONTENDERS)
      await withProfile(async (before) => {
        bench.host.become({ ...FAST, caching: "strong" });
        await journeyThatAnswers(bench, contender, { profile: before });
        bench.host.become({ ...SLOW, caching: "strong" });
        for (const { release, visits } of kinds.filter((kind) => kind.contender === contender))
          await withProfile(
            async (profile) => {
              const done = await journey(bench, contender, { profile, release });
              if (done.error !== undefined) throw new Error(`${contender}: ${done.error}`);
              visits.push(done);
            },
            { like: before },
          );
      });
  const results = kinds.flatMap(({ contender, release, visits }) =>
    rowsOf(`update, ${release.replaceAll("-", " ")}, q8`, contender, visits),
  );
  return { results, ratios: ratiosTo(PEER, results) };
}

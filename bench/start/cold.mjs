import { journeyThatAnswers } from "../delivery/journey.mjs";
import { FAST } from "../delivery/links.mjs";
import { withProfile } from "../delivery/visit.mjs";
import { CONTENDERS } from "./contenders.mjs";
import { ratiosToPeers, requireAgreement, rowsOfVisits } from "./rows.mjs";
import { SUBJECTS, titleOf } from "./subjects.mjs";

/**
 * First visits, each in a browser that knows nothing, on a link that costs nothing: what is left is what
 * a start takes besides the download, stage by stage.
 */
export async function measureCold(bench) {
  bench.host.become({ ...FAST, caching: "strong" });
  const rows = [];
  for (const subject of SUBJECTS) {
    const title = `cold, ${titleOf(subject)}`;
    const visits = new Map(Object.keys(CONTENDERS).map((contender) => [contender, []]));
    for (let round = 0; round < bench.rounds; round++)
      for (const [contender, done] of visits)
        await withProfile(async (profile) =>
          done.push(await journeyThatAnswers(bench, contender, { ...subject, profile })),
        );
    requireAgreement(title, visits);
    rows.push(...rowsOfVisits(title, visits));
  }
  return { results: rows, ratios: ratiosToPeers(rows) };
}

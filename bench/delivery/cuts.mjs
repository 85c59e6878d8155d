import { PEER, WEIGHT_PATHS } from "./contenders.mjs";
import { journey, journeyThatAnswers } from "./journey.mjs";
import { FAST, SLOW } from "./links.mjs";
import { shareOf, summary } from "./summary.mjs";
import { withProfile } from "./visit.mjs";

const CONTENDERS = ["selvedge", PEER, "worker by hand"];

/** How long a person waits for a network that is away. */
const PATIENCE_MS = 10_000;

/**
 * What a first visit comes to whose connections are all reset when half of the model has been sent:
 * where the network is back at once, and where it stays away until the person has left and come back.
 */
export async function measureCuts(bench) {
  const results = [];
  for (const caching of ["strong", "weak"])
    for (const contender of CONTENDERS) {
      bench.host.become({ ...FAST, caching });
      const name = `cut at half, ${caching} HTTP caching, q8`;
      const whole = await withProfile((profile) =>
        journeyThatAnswers(bench, contender, { profile }),
      );
      const half = bench.host.bytesOf(WEIGHT_PATHS) / 2;
      bench.host.become({ ...SLOW, caching });
      const once = await cutVisits(bench, contender, { half, staysDown: false });
      const gone = await cutVisits(bench, contender, { half, staysDown: true });
      const row = (what, done) => [
        shareOf(`${name}, ${what}: right answer`, contender, [done], ({ isRight }) => isRight),
        summary(
          `${name}, ${what}: fetched of the model`,
          contender,
          ["size", "byte"],
          [done.modelBytes],
        ),
      ];
      results.push(
        ...row("not cut", whole),
        ...row("the network back at once, that visit", once.cut),
        ...row("the network gone, the next visit", gone.next),
      );
    }
  return { results, ratios: [] };
}

/** A visit whose network is cut, and the next one, with the network back. */
async function cutVisits(bench, contender, { half, staysDown }) {
  const { host } = bench;
  return withProfile(async (profile) => {
    host.cutAfter(WEIGHT_PATHS, half, { staysDown });
    const cut = await journey(bench, contender, { profile, deadlineMs: PATIENCE_MS });
    host.restore();
    const next = staysDown ? await journey(bench, contender, { profile }) : undefined;
    return { cut, next };
  });
}

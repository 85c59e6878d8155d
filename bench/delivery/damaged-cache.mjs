import { CONTENDERS } from "./contenders.mjs";
import { journey, journeyThatAnswers } from "./journey.mjs";
import { FAST } from "./links.mjs";
import { shareOf, summary } from "./summary.mjs";
import { visit, withProfile } from "./visit.mjs";

const MEASURED = ["selvedge", "transformers.js", "worker by hand"];

/** How far into what is kept of the model the damage is done, and by which kind of it. */
const DAMAGES = {
  "4 KB flipped": [0.25, 0.5, 0.75].map((share) => ({ kind: "flip", share })),
  "entry truncated": [{ kind: "truncate", share: 0.5 }],
};

/**
 * What two visits come to after what the first kept of the model has been damaged, from a host whose
 * files no HTTP cache keeps.
 */
export async function measureDamage(bench) {
  bench.host.become({ ...FAST, caching: "weak" });
  const results = [];
  for (const contender of MEASURED)
    await withProfile(async (before) => {
      const whole = await journeyThatAnswers(bench, contender, { profile: before });
      for (const [name, damages] of Object.entries(DAMAGES)) {
        const visits = [];
        for (const damage of damages)
          visits.push(...(await visitsAfter(bench, contender, { damage, before })));
        results.push(...rowsOf(name, contender, { visits, whole }));
      }
    });
  return { results, ratios: [] };
}

function visitsAfter(bench, contender, { damage, before }) {
  const { executablePath, url } = bench;
  const then = (page) => page.evaluate(CONTENDERS[contender].damage, damage);
  return withProfile(
    async (profile) => {
      await visit(`${url}/blank.html`, { executablePath, profile, then });
      return [
        await journey(bench, contender, { profile }),
        await journey(bench, contender, { profile }),
      ];
    },
    { like: before },
  );
}

function rowsOf(damage, contender, { visits, whole }) {
  const [first, later] = [0, 1].map((place) => visits.filter((_, i) => i % 2 === place));
  const share = (when, done, what, isSo) =>
    shareOf(`cache damaged, ${damage}, ${when}: ${what}`, contender, done, isSo);
  const shares = Object.entries({ "the next visit": first, "the one after it": later }).flatMap(
    ([when, done]) => [
      share(when, done, "same answer as before", ({ total }) => total === whole.total),
      share(
        when,
        done,
        "another answer and no error",
        ({ error, total }) => error === undefined && total !== whole.total,
      ),
      share(
        when,
        done,
        "misread and no error",
        ({ error, isRight }) => error === undefined && !isRight,
      ),
      share(when, done, "error", ({ error }) => error !== undefined),
    ],
  );
  const healed = first.map(({ modelBytes }) => modelBytes);
  const name = `cache damaged, ${damage}, the next visit: fetched of the model`;
  return [...shares, summary(name, contender, ["size", "byte"], healed)];
}

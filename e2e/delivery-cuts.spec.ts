import { seededRandom } from "../packages/packer/src/golden/seeded-random.ts";
import { counts, expect, hurries, KEEPER, test } from "./fixtures/delivery.ts";
import { both, closesAt, type Fault, resetsAt, shortens } from "./fixtures/host/faults.ts";

/** How often a download is cut in all; `npm run soak` asks for more. */
const CUTS = Number(process.env["SELVEDGE_CUTS"] ?? 5);

/** Fewer than it takes to make a load give up, should none of them bring a whole piece. */
const CUTS_A_LOAD = 4;

const SEED = 1;
const PIECE_BYTES = 1024 * 1024;

test.setTimeout(60_000 + CUTS * 5_000);

test(`a download that is cut ${CUTS} times, at any byte, is whole, and a piece is fetched twice for each cut at most`, async ({
  host,
  visitor,
  registry: { manifests },
}) => {
  host.misbehave(KEEPER, both(hurries(30), counts));
  const random = seededRandom(SEED);
  // Whoever is asked to forget has started, and counts from here.
  await visitor.forget();
  const modelBytes = manifests["1.0.0"].segments[0]?.bytes ?? 0;
  for (let left = CUTS; left > 0; left -= CUTS_A_LOAD) {
    const cuts = Array.from({ length: Math.min(left, CUTS_A_LOAD) }, () => {
      const share = random();
      const how = [closesAt, resetsAt, shortens][Math.floor(random() * 3)] ?? closesAt;
      return { share, how };
    });
    for (const [skip, { share, how }] of cuts.entries()) {
      const cut: Fault = (answer, asked) =>
        how(Math.floor(share * answer.body.byteLength))(answer, asked);
      host.misbehave(/\/segments\//, cut, { skip, times: 1 });
    }
    const before = await visitor.received();
    const label = `seed ${SEED}, ${left} left: ${cuts.map(({ share, how }) => `${how.name} ${share}`).join(", ")}`;
    expect(await visitor.load(), label).toEqual({ served: "1.0.0" });
    const received = (await visitor.received()) - before;
    expect(received, label).toBeGreaterThanOrEqual(modelBytes);
    expect(received, label).toBeLessThanOrEqual(modelBytes + cuts.length * PIECE_BYTES);
    host.behave();
    await visitor.forget();
  }
});

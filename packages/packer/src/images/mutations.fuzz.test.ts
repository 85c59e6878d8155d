import {
  encodeImageDifference,
  type ImageFileRef,
  parseImageDifference,
  putTogether,
  SelvedgeError,
  sha256,
} from "@selvedge/protocol";
import { expect, it } from "vitest";
import { seededRandom } from "../golden/seeded-random.ts";
import { mutate } from "../onnx/mutate.fixture.ts";
import { madeImage } from "./made-image.fixture.ts";
import { type PackedFile, packBareImage, packDifference } from "./packed-image.ts";
import { readImage } from "./read-image.ts";

/** How many mutants to make; `npm run soak` asks for more. */
const CASES = Number(process.env["SELVEDGE_FUZZ"] ?? 300);

const SEED = 1;

const LIMITS = { timeout: 20_000 + CASES * 30 };

async function fileRef({ packed, bytes }: PackedFile): Promise<ImageFileRef> {
  const at = { segment: 0, offset: 0, length: packed.length };
  return { bytes: packed.length, sha256: await sha256(packed), at, unpackedBytes: bytes };
}

function isRefusal(error: unknown): boolean {
  return error instanceof SelvedgeError && ["integrity", "storage-damaged"].includes(error.code);
}

it(`refuses ${CASES} files of images that were changed on their way`, LIMITS, async () => {
  const made = await madeImage();
  const [bare, difference] = [packBareImage(made.bare), packDifference(made.difference)];
  const image = { bare: await fileRef(bare), difference: await fileRef(difference) };
  for (let index = 0; index < CASES; index++) {
    const random = seededRandom(SEED + index * 7919);
    const [target, other] = random() < 0.5 ? [bare, difference] : [difference, bare];
    const mutant = mutate(target.packed, other.packed, random);
    if (Buffer.compare(mutant, target.packed) === 0) continue;
    const outcome = readImage(image, (file) => {
      const isTarget = file === (target === bare ? image.bare : image.difference);
      return isTarget ? mutant : other.packed;
    });
    await expect(outcome, `Seed ${SEED}, case ${index}`).rejects.toSatisfy(isRefusal);
  }
});

it(
  `makes no other pages of ${CASES} heads and pages that lie, whoever vouches for them`,
  LIMITS,
  async () => {
    const { bare, difference } = await madeImage();
    const whole = encodeImageDifference(difference);
    const right = await putTogether(bare, difference);
    const outcomes = { refused: 0, same: 0 };
    for (let index = 0; index < CASES; index++) {
      const random = seededRandom(SEED + index * 104_729);
      const headOnly = random() < 0.5 ? 4 + JSON.stringify(difference.head).length : whole.length;
      const changed = mutate(whole.slice(0, headOnly), whole, random);
      const mutant = Buffer.concat([changed, whole.subarray(headOnly)]);
      try {
        const pages = await putTogether(bare, parseImageDifference(mutant));
        expect(Buffer.compare(pages, right), `Seed ${SEED}, case ${index}`).toBe(0);
        outcomes.same += 1;
      } catch (error) {
        expect(isRefusal(error), `Seed ${SEED}, case ${index}: ${error}`).toBe(true);
        outcomes.refused += 1;
      }
    }
    expect(outcomes.refused).toBeGreaterThan(outcomes.same);
  },
);

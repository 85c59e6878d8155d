import { inSoak } from "./fixtures/faults.ts";
import { SEGMENTS } from "./fixtures/sleeper.ts";
import { expect, test } from "./fixtures/waking.ts";

/** What is wrong on the device when the model is loaded, and why its engine is not woken then. */
type Damage = readonly [what: string, spoil: () => unknown, reason: RegExp];

const DAMAGE: readonly Damage[] = [
  ["a bit of its first page is another", () => device.flipBit(0), /pages are not what was written/],
  ["a bit in its midst is another", () => device.flipBit(0.5), /pages are not what was written/],
  ["its last bit is another", () => device.flipBit(1), /pages are not what was written/],
  [
    "it ends early",
    () => device.changePages((pages) => pages.subarray(0, pages.length - 4096)),
    /gone|not what was written/,
  ],
  [
    "it has a page too many",
    () =>
      device.changePages((pages) => {
        const longer = new Uint8Array(pages.length + 4096);
        longer.set(pages);
        return longer;
      }),
    /gone|not what was written/,
  ],
  [
    "nothing is left of its pages",
    () => device.changePages((pages) => pages.subarray(0, 0)),
    /gone|not what was written/,
  ],
  [
    "its head says something else than was written",
    () =>
      device.changeRecords((image) => ({ ...image, head: image.head.replace(/\d(?=\D*$)/, "7") })),
    /head is not what was written/,
  ],
  [
    "the digest of its head is another",
    () => device.changeRecords((image) => ({ ...image, headDigest: "ab".repeat(32) })),
    /head is not what was written/,
  ],
  [
    "the digest of its pages is another",
    () => device.changeHeads((head) => ({ ...head, sha256: "ab".repeat(32) })),
    /pages are not what was written/,
  ],
  [
    "it is one of another model",
    () => device.changeHeads((head) => ({ ...head, key: "ab".repeat(32) })),
    /one of something else/,
  ],
  [
    "it is in a format of the future",
    () => device.changeHeads((head) => ({ ...head, format: 99 })),
    /format/,
  ],
  [
    "it is of another runtime",
    () =>
      device.changeIndex((index) => ({
        ...index,
        full: { ...Object(index["full"]), sha256: "ab".repeat(32) },
      })),
    /another runtime, model or options/,
  ],
  [
    "it is of other glue",
    () =>
      device.changeIndex((index) => ({
        ...index,
        glue: { ...Object(index["glue"]), sha256: "ab".repeat(32) },
      })),
    /another runtime, model or options/,
  ],
  [
    "its runtime is of another version",
    () => device.changeIndex((index) => ({ ...index, version: "1.99.0" })),
    /no runtimes are known/,
  ],
  ["it is gone", () => device.forgetImages(), /there is no image yet/],
];

/** `npm test` tries every fourth. */
const TRIED =
  process.env["SELVEDGE_FAULTS"] === "all" ? DAMAGE : DAMAGE.filter((_, i) => i % 4 === 1);

for (const [what, spoil, reason] of TRIED)
  test(`an image is not woken when ${what}: the model loads, says why, and answers as ever`, async ({
    sleeper,
  }) => {
    const { opened, answers } = await sleeper.visitAfter(spoil);
    expect(opened).toMatchObject({ step: "none", reason: expect.stringMatching(reason) });
    expect(answers).toEqual(sleeper.answers);
    expect(sleeper.host.sentOf(SEGMENTS)).toBe(0);
  });

test("an image is not woken when it was made with another option: the model loads with that, and says why", async ({
  sleeper,
}) => {
  const { opened, answers } = await sleeper.visitAfter(() =>
    device.changeSettings({ graphOptimizationLevel: "basic", prepacking: false }),
  );
  const reason = expect.stringMatching(/another runtime, model or options/);
  expect(opened).toMatchObject({ step: "none", reason });
  // The last bit may be another than with the options that this device found to be best.
  const loaded = await sleeper.visitAfter(() => device.forgetHints());
  expect(answers).toEqual(loaded.answers);
});

test("an image that was damaged is not woken again, whatever a page believes of it", async ({
  sleeper,
}) => {
  await sleeper.visitAfter(() => device.flipBit(0.3));
  expect(await sleeper.images()).toMatchObject([{ kind: "quarantined" }]);
  const { opened, answers } = await sleeper.visitAfter(() => device.hint("lande"));
  expect(opened).toMatchObject({ step: "none", reason: expect.stringMatching(/^quarantined: /) });
  expect(answers).toEqual(sleeper.answers);
});

/** Lets the memory of a worker not grow by more than it begins with. */
const CANNOT_GROW = `
  WebAssembly.Memory.prototype.grow = () => {
    throw new RangeError("WebAssembly.Memory.grow(): Unable to grow instance memory");
  };
`;

test("an engine whose memory cannot grow to its image's loads", async ({ sleeper }) => {
  // Loading this model takes no more memory than its worker begins with.
  await sleeper.prepareEngines(CANNOT_GROW);
  const { opened, answers } = await sleeper.visitAfter(() =>
    device.changeHeads((head) => ({
      ...head,
      memoryBytes: Number(head["memoryBytes"]) + 16 * 65_536,
    })),
  );
  expect(opened).toMatchObject({ step: "none", reason: expect.stringMatching(/grow/) });
  expect(answers).toEqual(sleeper.answers);
});

/** Moves the clocks of a worker, the one that never goes back included. */
const atAnotherTime = (byMs: number) => `{
  const { now } = performance;
  performance.now = () => now.call(performance) + ${Math.max(0, byMs)};
  const Real = Date;
  self.Date = new Proxy(Real, {
    construct: (target, given) => new target(...(given.length === 0 ? [Real.now() + ${byMs}] : given)),
    get: (target, name) => (name === "now" ? () => Real.now() + ${byMs} : target[name]),
  });
}`;

const DAY_MS = 24 * 60 * 60 * 1000;

for (const [what, byMs] of [
  ["a day old", DAY_MS] as const,
  ...inSoak(["from tomorrow", -DAY_MS] as const),
])
  test(`an image that is ${what} wakes, and answers to the same bits`, async ({ sleeper }) => {
    await sleeper.prepareEngines(atAnotherTime(byMs));
    const { opened, answers } = await sleeper.visit();
    expect(opened).toMatchObject({ step: "full", code: "woken" });
    expect(answers).toEqual(sleeper.answers);
  });

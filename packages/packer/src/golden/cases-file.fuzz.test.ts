import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { elementCount, SelvedgeError } from "@selvedge/protocol";
import { expect, it } from "vitest";
import { elementsOf } from "../named-tensor.ts";
import { mutate } from "../onnx/mutate.fixture.ts";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { startWatchdog } from "../runtime/watchdog.fixture.ts";
import { readCases } from "./cases-file.ts";
import { type FixtureArray, npz } from "./npz.fixture.ts";
import { seededRandom } from "./seeded-random.ts";

/** How many files to damage; `npm run soak` asks for more. */
const CASES = Number(process.env["SELVEDGE_FUZZ"] ?? 300);

/** Where the first one starts from; a failing case is the same in a run of any length. */
const SEED = 1;

const DEADLINE_MS = 10_000;

const x: FixtureArray = { descr: "<f4", shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
const labels: FixtureArray = { descr: "<U1", shape: [3], data: Uint32Array.of(97, 98, 99) };
const label: FixtureArray = { descr: "<i8", shape: [], data: BigInt64Array.of(3n) };
const tensor = { type: "float32", dims: [1, 2], data: [0.5, -1] };
const json = { cases: [{ name: "a", inputs: { x: tensor }, outputs: { y: tensor }, label: [1] }] };

const FILES: readonly Uint8Array[] = [
  npz({ x, labels, "outputs/y": x }),
  npz({ "0/x": x, "0/label": label, "1/x": { ...x, isFortranOrder: true, version: 2 } }, 9),
  new TextEncoder().encode(JSON.stringify(json)),
];

it(`reads or refuses ${CASES} damaged files of cases`, {
  timeout: 60_000 + CASES * 100,
}, async () => {
  const file = join(await temporaryFolder(), "cases");
  const watchdog = startWatchdog(DEADLINE_MS);
  const outcomes = { read: 0, refused: 0 };
  for (let index = 0; index < CASES; index++) {
    const label = `Seed ${SEED}, case ${index}`;
    const random = seededRandom(SEED + index * 7919);
    const pick = () => FILES[Math.floor(random() * FILES.length)] ?? new Uint8Array();
    await writeFile(file, mutate(pick(), pick(), random));
    watchdog.watch(label);
    const outcome = await readCases(file, "Golden file").catch((error: unknown) => error);
    if (Array.isArray(outcome)) {
      // What was read is whole: as many elements as its dimensions say.
      for (const { inputs, outputs = [] } of outcome)
        for (const read of [...inputs, ...outputs])
          expect(elementsOf(read).length, label).toBe(elementCount(read.dims));
      expect(outcome.length, label).toBeGreaterThan(0);
      outcomes.read++;
    } else {
      if (!(outcome instanceof SelvedgeError)) throw new Error(label, { cause: outcome });
      expect(outcome.message, label).toMatch(/^Golden file cases: .{1,500}\.$/);
      outcomes.refused++;
    }
  }
  await watchdog.stop();
  // Both have to happen, or the damage is too great or too small to prove anything.
  expect(outcomes.read).toBeGreaterThan(CASES / 100);
  expect(outcomes.refused).toBeGreaterThan(CASES / 100);
});

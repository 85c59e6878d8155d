import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ERROR_CODES, parseManifest, SelvedgeError } from "@selvedge/protocol";
import { expect, it } from "vitest";
import { seededRandom } from "./golden/seeded-random.ts";
import { mutate } from "./onnx/mutate.fixture.ts";
import { temporaryFolder } from "./onnx/onnx-model.fixture.ts";
import { pack } from "./pack.ts";
import { contentsOf } from "./registry/files.fixture.ts";
import { startWatchdog } from "./runtime/watchdog.fixture.ts";
import { Runtime } from "./runtime/with-runtime.ts";
import { graphModel, layersModel, tfjsFile } from "./tfjs/tfjs-model.fixture.ts";

/** How many mutants to make. */
const CASES = Number(process.env["SELVEDGE_FUZZ"] ?? 100);

const SEED = 1;

const DEADLINE_MS = 20_000;

const RUN_TIMEOUT_MS = 5_000;

/** What a value of the JSON may become. */
const STRANGERS = [null, [], {}, "", "x", -1, 0, 0.5, 1e308, 2 ** 53, true, "../../etc/passwd"];

it(`packs or refuses ${CASES} damaged models of TensorFlow.js, and writes nothing where it refuses`, {
  timeout: 60_000 + CASES * 1000,
}, async () => {
  const intact = [graphModel(), await layersModel()];
  const watchdog = startWatchdog(DEADLINE_MS);
  const runtime = new Runtime({});
  const outcomes = new Map<string, number>();
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  for (let index = 0; index < CASES; index++) {
    const label = `Seed ${SEED}, case ${index}`;
    const random = seededRandom(SEED + index * 7919);
    const fixture = intact[index % intact.length] ?? graphModel();
    const path = await tfjsFile(fixture);
    const text = JSON.stringify(damaged(fixture.model, random));
    await writeFile(path, random() < 0.8 ? text : mutated(text, random));
    const [name = "", bytes = new Uint8Array()] = Object.entries(fixture.shards)[0] ?? [];
    if (random() < 0.2) await writeFile(join(dirname(path), name), mutate(bytes, bytes, random));
    const registry = join(await temporaryFolder(), "registry");
    watchdog.watch(label);
    const options = { name: "m", version: "1.0.0", registry, timeoutMs: RUN_TIMEOUT_MS };
    const outcome = await runtime
      .around(() => pack({ model: path, ...options }))
      .then(
        ({ manifest }) => manifest,
        (error: unknown) => error,
      );
    if (outcome instanceof SelvedgeError) {
      expect(ERROR_CODES, label).toContain(outcome.code);
      expect(outcome.message, label).not.toContain("\n");
      expect(await contentsOf(registry).catch(() => []), label).toEqual([]);
      count(outcome.code);
    } else if (outcome instanceof Error) {
      throw new Error(`${label}: ${outcome}`, { cause: outcome });
    } else {
      expect(() => parseManifest(JSON.stringify(outcome)), label).not.toThrow();
      count("packed");
    }
  }
  await watchdog.stop();
  await runtime.close();
  // All have to happen, or the damage is too great or too small to prove anything.
  for (const outcome of ["packed", "model-invalid", "model-unsupported"])
    expect(outcomes.get(outcome), outcome).toBeGreaterThan(CASES / 100);
});

/** A copy of a JSON value in which one value, at any depth, is another or gone. */
function damaged(value: unknown, random: () => number): unknown {
  if (typeof value !== "object" || value === null || random() < 0.05)
    return STRANGERS[Math.floor(random() * STRANGERS.length)];
  const entries: [string, unknown][] = Object.entries(value);
  const place = Math.floor(random() * entries.length);
  const changed = entries.flatMap(([key, item], index): [string, unknown][] => {
    if (index !== place) return [[key, item]];
    return random() < 0.1 ? [] : [[key, damaged(item, random)]];
  });
  return Array.isArray(value) ? changed.map(([, item]) => item) : Object.fromEntries(changed);
}

function mutated(text: string, random: () => number): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return mutate(bytes, bytes, random);
}

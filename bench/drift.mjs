import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fillCollector } from "./fleet/fill-collector.mjs";
import { VERSIONS } from "./fleet/penguins.mjs";
import { DAY_MS } from "./fleet/play-devices.mjs";

/**
 * How long `/api/drift` takes over what a fleet of 1,600 devices a day has told in two weeks: the first time
 * since the collector started, when it reads each day, and after that.
 *
 * @param rounds how often it is asked after the first
 */
export async function measureDrift({ rounds = 5 }) {
  const folder = await mkdtemp(join(tmpdir(), "selvedge-bench-drift-"));
  try {
    const { collector, model, endMs } = await fillCollector({ folder });
    try {
      const results = [];
      for (const { version } of VERSIONS) {
        const question = new URLSearchParams({
          ...{ model, version, baseline: "reference" },
          ...{ from: String(endMs - 7 * DAY_MS), to: String(endMs) },
        });
        const times = [];
        for (let round = 0; round <= rounds; round++) {
          const startedAt = performance.now();
          const response = await fetch(`${collector.url}/api/drift?${question}`);
          await response.arrayBuffer();
          if (!response.ok) throw new Error(`/api/drift answered ${response.status}`);
          times.push(performance.now() - startedAt);
        }
        const [first, ...later] = times;
        const row = { name: `drift of ${version}`, metric: "duration", unit: "ms" };
        results.push(summary({ ...row, contender: "first" }, [first]));
        results.push(summary({ ...row, contender: "again" }, later));
      }
      return { results, ratios: [] };
    } finally {
      await collector.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function summary(row, values) {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    ...row,
    median: sorted[Math.floor(sorted.length / 2)],
    min: sorted[0],
    max: sorted.at(-1),
    n: sorted.length,
  };
}

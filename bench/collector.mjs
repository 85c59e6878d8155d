import { availableParallelism } from "node:os";
import { measureIngest } from "./collector/ingest.mjs";
import { measureQuestions } from "./collector/questions.mjs";

const CONTENDERS = ["journal", "direct"];

/** Unless they are asked for otherwise: batches of a hundred events a second, and events that are asked of. */
const RATES = [100, 200];
const EVENTS = [1_000_000, 4_000_000];
const SECONDS = 10;

/**
 * What the collector takes on one core with durable acknowledgement, and how long what a dashboard asks
 * takes of events that were made in SQL, raw and rolled up. `direct` commits each group of batches to
 * DuckDB before it acknowledges.
 *
 * @param rounds how often each contender has its turn, and each question is asked
 * @param part `ingest` or `questions` alone
 * @param events numbers of events that are asked of, such as `1000000,30000000`
 * @param rate batches a second
 */
export async function measureCollector({ rounds = 3, part, events, rate }) {
  const found = { results: [], ratios: [] };
  const numbers = (text, usual) => text?.split(",").map(Number) ?? usual;
  if (part !== "questions")
    for (const batchesPerSecond of numbers(rate, RATES))
      await ingest({ rounds, batchesPerSecond }, found);
  if (part !== "ingest")
    for (const count of numbers(events, EVENTS)) await ask({ rounds, events: count }, found);
  return found;
}

async function ingest({ rounds, batchesPerSecond }, { results, ratios }) {
  const name = `${batchesPerSecond * 100} events/s offered`;
  const runs = new Map(CONTENDERS.map((contender) => [contender, []]));
  // The last core is the collector's alone, as far as this machine leaves it alone.
  const core = availableParallelism() - 1;
  for (let round = 0; round < rounds; round++)
    for (const contender of CONTENDERS) {
      console.error(`Offering ${batchesPerSecond} batches a second to ${contender}…`);
      const options = { batchesPerSecond, seconds: SECONDS, seed: 1 + round * 1_000_000, core };
      runs.get(contender).push(await measureIngest(contender, options));
    }
  const units = {
    eventsPerSecond: "events/s",
    cpuEventsPerSecond: "events per second of CPU time",
    p50: "ms",
    p99: "ms",
    max: "ms",
    loopP99: "ms",
    loopMax: "ms",
    refused: "batches",
    memoryBytes: "byte",
  };
  for (const [metric, unit] of Object.entries(units))
    for (const [contender, measured] of runs)
      results.push(
        summary(
          { name, contender, metric, unit },
          measured.map((run) => run[metric]),
        ),
      );
  for (const metric of ["p50", "p99", "cpuEventsPerSecond"]) {
    const middle = (contender) => median(runs.get(contender).map((run) => run[metric]));
    const value = middle("journal") / middle("direct");
    ratios.push({ name: `${name}, ${metric}`, of: "journal", to: "direct", value });
  }
}

async function ask({ rounds, events }, { results, ratios }) {
  console.error(`Making ${events} events and asking about them…`);
  const measured = await measureQuestions({ events, rounds });
  const name = `${events} events`;
  for (const contender of ["raw", "rolled"])
    for (const [question, times] of Object.entries(measured[contender])) {
      const row = { name: `${question} of ${name}`, contender, metric: "duration", unit: "ms" };
      results.push(summary(row, times));
    }
  for (const question of Object.keys(measured.raw)) {
    const value = median(measured.rolled[question]) / median(measured.raw[question]);
    ratios.push({ name: `${question} of ${name}`, of: "rolled", to: "raw", value });
  }
  const single = (contender, metric, unit, value) =>
    results.push(summary({ name, contender, metric, unit }, [value]));
  single("raw", "size of a million", "byte", (measured.rawBytes * 1e6) / events);
  single("rolled", "size of a million, raw and rolled up", "byte", (measured.bytes * 1e6) / events);
  single("rolled", "memory", "byte", measured.memoryBytes);
  single("rolled", "rolling up", "ms", measured.rollUpMs);
}

function summary(row, values) {
  return {
    ...row,
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    n: values.length,
  };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

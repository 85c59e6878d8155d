import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDuckDbStore } from "../../packages/collector/dist/store/duckdb/open-duckdb-store.js";
import { generateStore, WINDOW_MS } from "./generate.mjs";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const WATCH_MS = 20;

/** How long nothing may have come before pieces are put together. */
const QUIET_MINUTES = 10;

/** What a dashboard asks, of 48 hours in whole hours and of the last six in steps of five minutes. */
function questions(toMs) {
  const ask = (lengthMs, stepMs) => {
    const window = { from: toMs - lengthMs, to: toMs };
    const stepped = { ...window, stepMs };
    return {
      models: (store) => store.models(stepped),
      predictions: (store) => store.predictions(stepped),
      latency: (store) => store.latency(stepped),
      failures: (store) => store.failures(window),
      health: (store) => store.health(window),
      figures: (store) => store.figures(window),
    };
  };
  return { "48 h": ask(WINDOW_MS, HOUR_MS), "6 h": ask(6 * HOUR_MS, 5 * MINUTE_MS) };
}

/** How long each question takes of so many events, raw and rolled up, with what they weigh and the most memory it took. */
export async function measureQuestions({ events, rounds }) {
  const folder = await mkdtemp(join(tmpdir(), "selvedge-bench-questions-"));
  const path = join(folder, "collector.duckdb");
  const toMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  try {
    const generatedAt = performance.now();
    await generateStore(path, { events, toMs });
    const generatedMs = performance.now() - generatedAt;
    const store = await openDuckDbStore(path);
    const watch = watchMemory();
    const raw = await askAll(store, toMs, rounds);
    const { bytes: rawBytes } = await store.size();
    const startedAt = performance.now();
    await rollUp(store, toMs);
    const rollUpMs = performance.now() - startedAt;
    const rolled = await askAll(store, toMs, rounds);
    await store.close();
    const memoryBytes = watch.end();
    const reopened = await openDuckDbStore(path);
    const { bytes, rows } = await reopened.size();
    await reopened.close();
    return { raw, rolled, rawBytes, bytes, rows, rollUpMs, generatedMs, memoryBytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rolls up as a collector does: every minute, until no span that is over is in pieces any more. */
async function rollUp(store, toMs) {
  await store.maintain(toMs);
  let [rows, before] = [await rolledRows(store), 0];
  for (let minute = QUIET_MINUTES; rows !== before; minute++) {
    await store.maintain(toMs + minute * MINUTE_MS);
    [rows, before] = [await rolledRows(store), rows];
  }
}

/** How many rows rollups have: raw ones go as the clock goes on. */
async function rolledRows(store) {
  const { rows } = await store.size();
  const rolled = Object.entries(rows).filter(([table]) => /_(minute|five|hour)$/.test(table));
  return rolled.reduce((sum, [, count]) => sum + count, 0);
}

async function askAll(store, toMs, rounds) {
  const times = {};
  for (let round = 0; round < rounds; round++)
    for (const [window, asked] of Object.entries(questions(toMs)))
      for (const [name, ask] of Object.entries(asked)) {
        const startedAt = performance.now();
        await ask(store);
        times[`${name}, ${window}`] ??= [];
        times[`${name}, ${window}`].push(performance.now() - startedAt);
      }
  return times;
}

/** The most memory this process takes from now until the end, in bytes. */
function watchMemory() {
  let most = 0;
  const look = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(look, WATCH_MS);
  return {
    end: () => {
      clearInterval(timer);
      look();
      return most;
    },
  };
}

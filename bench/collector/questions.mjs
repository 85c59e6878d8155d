import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDuckDbStore } from "../../packages/collector/dist/store/duckdb/open-duckdb-store.js";
import { generateStore, WINDOW_MS } from "./generate.mjs";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const WATCH_MS = 20;

/** What a dashboard asks, of 48 hours in whole hours and of the last six in steps of six minutes. */
function questions(toMs) {
  const days = { from: toMs - WINDOW_MS, to: toMs, stepMs: HOUR_MS };
  const hours = { from: toMs - 6 * HOUR_MS, to: toMs, stepMs: 6 * MINUTE_MS };
  const ask = (window) => ({
    models: (store) => store.models(window),
    predictions: (store) => store.predictions(window),
    latency: (store) => store.latency(window),
    failures: (store) => store.failures(window),
    health: (store) => store.health(window),
    figures: (store) => store.figures(window),
  });
  return { "48 h": ask(days), "6 h": ask(hours) };
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
    await store.maintain(toMs);
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

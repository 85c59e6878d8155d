import { DuckDBInstance } from "@duckdb/node-api";
import { openDuckDbStore } from "../../packages/collector/dist/store/duckdb/open-duckdb-store.js";
import { emptyHistogram, METRICS, recordValue } from "../../packages/protocol/dist/index.js";
import { seededRandom } from "./seeded-random.mjs";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const WINDOW_MS = 48 * HOUR_MS;

/** Rows of one transaction of the collector. */
const ROWS_PER_SEQUENCE = 20_000;
const SHAPES = 512;

/** Events of one statement, and what DuckDB may take for it: the collector's own bound is for the collector. */
const EVENTS_AT_ONCE = 2_000_000;
const SETTINGS = { memory_limit: "1GiB" };

/**
 * Makes a store that holds so many events of 48 hours, in SQL: nine of ten are points of durations, the
 * tenth counts failures. They come from 3 models, 2 versions, 2 backends, 4 browsers and 4 classes of
 * devices: 192 series. What devices measured is drawn from 512 histograms of five durations.
 */
export async function generateStore(path, { events, toMs }) {
  await (await openDuckDbStore(path)).close();
  const instance = await DuckDBInstance.create(path, SETTINGS);
  const connection = await instance.connect();
  const random = seededRandom(7);
  await connection.run(`CREATE TEMP TABLE shape (id INTEGER, count UINTEGER, "sum" DOUBLE, "min" DOUBLE,
    "max" DOUBLE, positive_buckets INTEGER[], positive_counts UINTEGER[])`);
  const shapes = Array.from({ length: SHAPES }, (_, id) => {
    let histogram = emptyHistogram(5);
    for (let i = 0; i < 5; i++) histogram = recordValue(histogram, 0.005 * Math.exp(random() * 4));
    const { count, sum, min, max, positive } = histogram;
    const filled = positive.counts.flatMap((n, i) => (n > 0 ? [[positive.offset + i, n]] : []));
    const [buckets, counts] = [0, 1].map((at) => `[${filled.map((pair) => pair[at]).join(", ")}]`);
    return `(${[id, count, sum, min, max, buckets, counts].join(", ")})`;
  });
  await connection.run(`INSERT INTO shape VALUES ${shapes.join(", ")}`);
  const fromMs = toMs - WINDOW_MS;
  // Devices report late now and then: neighbours in the file are neighbours in time, more or less.
  const observation = `n // ${ROWS_PER_SEQUENCE} AS sequence,
    ${fromMs} + (n * ${WINDOW_MS / events})::BIGINT - (hash(n) % ${MINUTE_MS})::BIGINT AS time_ms,
    ['ocr-det', 'ocr-rec', 'lande'][1 + ((hash(n) >> 8) % 3)::BIGINT] AS model,
    ['1.0.0', '1.1.0'][1 + ((hash(n) >> 16) % 2)::BIGINT] AS version, 'q8' AS dtype,
    ['wasm', 'webgpu'][1 + ((hash(n) >> 20) % 2)::BIGINT] AS backend,
    ['chrome 156', 'firefox 150', 'safari 26', 'chrome 155'][1 + ((hash(n) >> 24) % 4)::BIGINT] AS browser,
    ['desktop-high', 'desktop-low', 'mobile-high', 'mobile-low'][1 + ((hash(n) >> 28) % 4)::BIGINT] AS device,
    '{"service.name":"shop"}' AS resource`;
  for (let from = 0; from < events; from += EVENTS_AT_ONCE) {
    const some = `(SELECT range AS n FROM range(${from}, ${Math.min(events, from + EVENTS_AT_ONCE)}))`;
    await connection.run(
      `INSERT INTO histogram_point BY NAME
       SELECT ${observation}, '${METRICS.predictDuration}' AS metric, 5 AS scale, count, "sum", "min", "max",
         0 AS zero_count, positive_buckets, positive_counts, [] AS negative_buckets, [] AS negative_counts
       FROM ${some} JOIN shape ON id = ((hash(n) >> 40) % ${SHAPES})::BIGINT
       WHERE n % 10 < 9 ORDER BY n`,
    );
    await connection.run(
      `INSERT INTO counter_point BY NAME
       SELECT ${observation}, '${METRICS.failures}' AS metric, 1 AS value, 'predict' AS operation,
         ['network', 'timeout', 'integrity'][1 + ((hash(n) >> 32) % 3)::BIGINT] AS error
       FROM ${some} WHERE n % 10 = 9`,
    );
  }
  await connection.run("CHECKPOINT");
  connection.closeSync();
  instance.closeSync();
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { ATTRIBUTES, BATCH_ID, toOtlpAttributes } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { failureMetric } from "./fixtures/otlp-request.ts";
import { predictionLog, predictionSpan } from "./fixtures/sample-telemetry.ts";
import { spawnCollector } from "./fixtures/spawn-collector.ts";

/** `npm run soak` sets how often it is killed. */
const KILLS = Number(process.env["SELVEDGE_COLLECTOR_KILLS"] ?? 4);

/** As many senders wait for an answer at a time. */
const SENDERS = 8;

/** Each failure has a code of its own here. */
const CONFIG = { limits: { valuesPerLabel: 1_000_000, series: 1_000_000 } };

/** The `n`-th batch: metrics, logs and traces by turns, with a name that is found in the store. */
function nthBatch(n: number): { readonly path: string; readonly body: unknown } {
  const resource = { attributes: toOtlpAttributes({ [BATCH_ID]: `batch-${n}` }) };
  const name = `name-${n}`;
  if (n % 3 === 0) {
    const { resourceLogs } = predictionLog(name, Date.now()) as { resourceLogs: object[] };
    return { path: "/v1/logs", body: { resourceLogs: [{ ...resourceLogs[0], resource }] } };
  }
  if (n % 3 === 1) {
    const { resourceSpans } = predictionSpan(name, Date.now()) as { resourceSpans: object[] };
    return { path: "/v1/traces", body: { resourceSpans: [{ ...resourceSpans[0], resource }] } };
  }
  const attributes = toOtlpAttributes({ [ATTRIBUTES.error]: name });
  const scopeMetrics = [{ metrics: [failureMetric(1, { attributes })] }];
  return { path: "/v1/metrics", body: { resourceMetrics: [{ resource, scopeMetrics }] } };
}

/** Whether it was acknowledged: whoever is killed answers nothing. */
async function send(url: string, n: number): Promise<boolean> {
  const { path, body } = nthBatch(n);
  const answer = await fetch(url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => undefined);
  if (answer !== undefined) expect(answer.status).toBe(200);
  return answer !== undefined;
}

/** How often each name is in the store. */
async function namesIn(path: string): Promise<Map<string, number>> {
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const found = await connection.runAndReadAll(
    `SELECT name, sum(n)::INTEGER FROM (
       SELECT prediction AS name, 1 AS n FROM log_record
       UNION ALL SELECT prediction, 1 FROM span
       UNION ALL SELECT error, value FROM counter_point) GROUP BY name`,
  );
  connection.closeSync();
  instance.closeSync();
  return new Map(found.getRows().map(([name, count]) => [String(name), Number(count)]));
}

test(
  `a collector that is killed ${KILLS} times while it is sent to has lost nothing that it acknowledged, and nothing twice`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "selvedge-killed-"));
    const acknowledged = new Set<number>();
    /** Sent without an answer: a device sends it again, under the same id. */
    const open = new Set<number>();
    let next = 0;
    const sendUntilKilled = async (url: string, again: number[]): Promise<void> => {
      for (;;) {
        const n = again.pop() ?? next++;
        open.add(n);
        if (!(await send(url, n))) return;
        open.delete(n);
        acknowledged.add(n);
      }
    };
    for (let kill = 0; kill < KILLS; kill++) {
      const collector = await spawnCollector(CONFIG, { heapMb: 384, folder });
      const again = [...open];
      const sending = Array.from({ length: SENDERS }, () => sendUntilKilled(collector.url, again));
      const enough = acknowledged.size + 1 + ((kill * 37) % 101);
      await expect.poll(() => acknowledged.size >= enough, { interval: 1 }).toBe(true);
      await collector.kill();
      await Promise.all(sending);
    }
    const last = await spawnCollector(CONFIG, { heapMb: 384, folder });
    // Also some that it has already.
    for (const n of [...open, ...[...acknowledged].slice(-20)])
      expect(await send(last.url, n)).toBe(true);
    await last.close();
    const names = await namesIn(join(folder, "data", "collector.duckdb"));
    const sent = Array.from({ length: next }, (_, n) => `name-${n}`);
    expect(sent.filter((name) => names.get(name) !== 1)).toEqual([]);
    expect(names.size).toBe(next);
    await rm(folder, { recursive: true });
  },
  60_000 + KILLS * 10_000,
);

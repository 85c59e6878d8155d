import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { metricsRequest } from "../fixtures/otlp-request.ts";
import { sampleMetrics } from "../fixtures/sample-telemetry.ts";
import { startTestCollector } from "../fixtures/test-collector.ts";

/** Path of a Prometheus; without one, its format is read here as its documentation has it. */
const PROMETHEUS = process.env["SELVEDGE_PROMETHEUS"];

const QUESTION = 'selvedge_predictions_total{model="rec",version="1.1.0"}';

test("Prometheus scrapes what a collector tells", async () => {
  const collector = await startTestCollector();
  try {
    await collector.post("/v1/metrics", metricsRequest("now", sampleMetrics(Date.now())));
    const value =
      PROMETHEUS === undefined
        ? await readHere(collector.url)
        : await askPrometheus(PROMETHEUS, collector.url);
    expect(value).toBe(200);
  } finally {
    await collector.remove();
  }
});

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\n"])*"`;
const SAMPLE = new RegExp(`^(${NAME}(?:\\{${LABEL}(?:,${LABEL})*\\})?) (\\S+)$`);

async function readHere(url: string): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text.endsWith("\n")).toBe(true);
  const samples = new Map<string, number>();
  for (const line of text.split("\n").slice(0, -1)) {
    if (/^# (HELP|TYPE) /.test(line)) continue;
    const [, name, value] = SAMPLE.exec(line) ?? [];
    expect([line, name === undefined || samples.has(name)]).toEqual([line, false]);
    samples.set(name ?? "", Number(value));
  }
  return samples.get(QUESTION);
}

async function askPrometheus(program: string, url: string): Promise<number | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "selvedge-prometheus-"));
  const config = `
global: { scrape_interval: 1s }
scrape_configs: [{ job_name: selvedge, static_configs: [{ targets: ["${new URL(url).host}"] }] }]
`;
  await writeFile(join(folder, "prometheus.yml"), config);
  const listen = `127.0.0.1:${await freePort()}`;
  const prometheus = spawn(program, [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=${listen}`,
  ]);
  const ended = once(prometheus, "exit");
  try {
    const query = `http://${listen}/api/v1/query?query=${encodeURIComponent(QUESTION)}`;
    const ask = async () => {
      const answer = await (await fetch(query)).json();
      return Number(answer.data.result[0].value[1]);
    };
    await expect.poll(() => ask().catch(() => undefined)).toBeDefined();
    return await ask();
  } finally {
    prometheus.kill();
    await ended;
    await rm(folder, { recursive: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

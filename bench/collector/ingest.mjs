import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EVENTS_PER_BATCH, sampleRequest } from "./sample-requests.mjs";

const SERVE = fileURLToPath(new URL("serve.mjs", import.meta.url));
/** Batches sent one by one before: for what is compiled once, whether opened or called often enough. */
const WARM_UP = 400;

/** How fast batches are taken by a collector that has one core, and how soon each is acknowledged. */
export async function measureIngest(contender, { batchesPerSecond, seconds, seed, core }) {
  const folder = await mkdtemp(join(tmpdir(), "selvedge-bench-collector-"));
  const collector = await startOnCore({ contender, folder, core });
  try {
    const total = Math.ceil(batchesPerSecond * seconds);
    const bodies = await Promise.all(
      Array.from({ length: total + WARM_UP }, (_, n) =>
        sampleRequest({ id: `${seed}-${n}`, nowMs: Date.now(), seed: seed + n }),
      ),
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    for (const body of bodies.splice(0, WARM_UP)) await post(agent, collector.port, body);
    const before = await collector.usage();
    const latencies = [];
    const refused = [];
    const startedAt = performance.now();
    const sends = [];
    for (const [n, body] of bodies.entries()) {
      // By the clock and not by answers: a collector that stalls is not spared what comes meanwhile.
      const dueAt = startedAt + (n / batchesPerSecond) * 1000;
      const wait = dueAt - performance.now();
      if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
      sends.push(
        post(agent, collector.port, body).then((status) => {
          latencies.push(performance.now() - dueAt);
          if (status !== 200) refused.push(status);
        }),
      );
    }
    await Promise.all(sends);
    const elapsed = (performance.now() - startedAt) / 1000;
    agent.destroy();
    const after = await collector.usage();
    const cpuMs = (after.user + after.system - before.user - before.system) / 1000;
    latencies.sort((a, b) => a - b);
    const at = (q) => latencies[Math.ceil(q * latencies.length) - 1];
    return {
      eventsPerSecond: ((total - refused.length) * EVENTS_PER_BATCH) / elapsed,
      refused: refused.length,
      p50: at(0.5),
      p99: at(0.99),
      max: at(1),
      cpuEventsPerSecond: (total * EVENTS_PER_BATCH * 1000) / cpuMs,
      loopP99: after.loopP99Ms,
      loopMax: after.loopMaxMs,
      memoryBytes: after.rss,
    };
  } finally {
    await collector.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** All threads of the process, from its start: what asks how many cores there are is told of one. */
async function startOnCore({ contender, folder, core }) {
  const canPin = spawnSync("taskset", ["-c", String(core), "true"]).status === 0;
  if (!canPin) console.error("Without taskset, the collector is not kept on one core.");
  const pinned = { execPath: "taskset", execArgv: ["-c", String(core), process.execPath] };
  const child = fork(SERVE, [contender, folder], { stdio: "inherit", ...(canPin && pinned) });
  const [{ port }] = await once(child, "message");
  return {
    port,
    usage: async () => {
      child.send("usage");
      const [usage] = await once(child, "message");
      return usage;
    },
    end: async () => {
      const exited = once(child, "exit");
      child.send("end");
      await exited;
    },
  };
}

function post(agent, port, body) {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      "content-encoding": "gzip",
      "content-length": body.length,
    };
    request({ agent, port, path: "/v1/metrics", method: "POST", headers }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode));
    })
      .on("error", reject)
      .end(body);
  });
}

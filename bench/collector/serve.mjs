/**
 * A collector in a process of its own, to be put on one core: its HTTP server, its decoding and its
 * store. `journal` is the collector as it is; `direct` commits each group of batches to DuckDB before it
 * acknowledges, which is what a plain implementation does.
 */
import { createServer } from "node:http";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { DEFAULT_CONFIG } from "../../packages/collector/dist/config/collector-config.js";
import { createApp, listenerOf } from "../../packages/collector/dist/create-app.js";
import { openDuckDbStore } from "../../packages/collector/dist/store/duckdb/open-duckdb-store.js";
import { keepMaintained } from "../../packages/collector/dist/store/keep-maintained.js";
import { openStore } from "../../packages/collector/dist/store/open-store.js";

/** Often enough that what is sent in a short run is rolled up within it; a collector does it every minute. */
const MAINTAIN_EVERY_MS = 5_000;

const [contender, folder] = process.argv.slice(2);
const open = contender === "direct" ? openDuckDbStore : openStore;
const store = await open(join(folder, "collector.duckdb"));
// All batches come from one address here, which is held to 100 a second as a rule.
const limits = { ...DEFAULT_CONFIG.limits, perAddress: undefined };
const app = createApp(store, { ...DEFAULT_CONFIG, limits });
const maintenance = keepMaintained(store, { everyMs: MAINTAIN_EVERY_MS });
const delays = monitorEventLoopDelay({ resolution: 2 });
delays.enable();
const server = createServer(listenerOf(app));
server.listen({ host: "127.0.0.1", port: 0 }, () => {
  process.send({ port: server.address().port });
});
process.on("message", async (message) => {
  if (message === "usage") {
    const loop = { loopMaxMs: delays.max / 1e6, loopP99Ms: delays.percentile(99) / 1e6 };
    process.send({ ...process.cpuUsage(), ...loop, rss: process.memoryUsage().rss });
    delays.reset();
  }
  if (message !== "end") return;
  maintenance.stop();
  server.close();
  server.closeAllConnections();
  await store.close();
  process.disconnect();
});

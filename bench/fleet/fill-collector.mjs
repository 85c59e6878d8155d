import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_CONFIG, startCollector } from "../../packages/collector/dist/index.js";
import { PREDICTION } from "../../packages/protocol/dist/index.js";
import { seededRandom } from "../collector/seeded-random.mjs";
import { MODEL, packPenguins, readPenguins } from "./penguins.mjs";
import { DAY_MS, playDevices } from "./play-devices.mjs";

const HOUR_MS = 60 * 60_000;

const SIGNALS = ["metrics", "logs", "traces"];

/** So many batches of devices go into one request: here one sender stands for all of them. */
const TOGETHER = 100;

/**
 * Starts a collector over two versions of a model, and has a fleet report to it for days: one feature of
 * the second version shifts in the last four, and what the model answers to that.
 *
 * @param folder for registry and data; made where it is missing
 * @param mounts as `startCollector` has them
 * @param config likewise, but for its limits: one address sends for all devices
 */
export async function fillCollector({
  folder,
  devices = 1_600,
  days = 14,
  port = 0,
  mounts = {},
  config = DEFAULT_CONFIG,
  seed = 7,
}) {
  const [registry, dataDir] = ["registry", "data"].map((name) => join(folder, name));
  await Promise.all([registry, dataDir].map((path) => mkdir(path, { recursive: true })));
  const packed = await packPenguins(registry, folder);
  // All batches come from one address here, which is held to 100 a second as a rule.
  const limits = { ...config.limits, perAddress: undefined };
  // A collector dates what it is told by when it came: its clock goes through the days with the fleet.
  const now = Date.now;
  let aheadMs = 0;
  Date.now = () => now() + aheadMs;
  const endMs = Math.floor(now() / DAY_MS) * DAY_MS;
  const collector = await startCollector({
    ...{ registryDir: registry, dataDir, port, mounts },
    config: { ...config, limits },
  });
  const waiting = new Map(SIGNALS.map((signal) => [signal, []]));
  const sendAll = async () => {
    for (const [signal, some] of waiting)
      if (some.length > 0) await send(collector.url, signal, some.splice(0));
  };
  const onDay = async (dayEndsMs) => {
    await sendAll();
    aheadMs = dayEndsMs - HOUR_MS / 4 - now();
  };
  const random = seededRandom(seed);
  const penguins = await readPenguins();
  const options = { penguins, packed, endMs, days, devices, onDay, random };
  let prediction = "";
  for await (const batches of playDevices(options))
    for (const { signal, body } of batches) {
      if (signal === "logs") prediction = idIn(body);
      const some = waiting.get(signal);
      some.push(body);
      if (some.length >= TOGETHER) await send(collector.url, signal, some.splice(0));
    }
  await sendAll();
  aheadMs = 0;
  return { collector, model: MODEL, endMs, prediction };
}

/** Of the prediction whose record this is. */
function idIn({
  resourceLogs: [
    {
      scopeLogs: [
        {
          logRecords: [record],
        },
      ],
    },
  ],
}) {
  return record.attributes.find(({ key }) => key === PREDICTION.id)?.value.stringValue ?? "";
}

async function send(url, signal, bodies) {
  const [key] = Object.keys(bodies[0]);
  const body = JSON.stringify({ [key]: bodies.flatMap((one) => one[key]) });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/v1/${signal}`, { method: "POST", headers, body });
  const text = await response.text();
  if (!response.ok || text.includes("rejected"))
    throw new Error(
      `The collector answered ${response.status} to ${signal}: ${text.slice(0, 300)}`,
    );
}

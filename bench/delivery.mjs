import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findBrowser } from "../scripts/find-browser.mjs";
import { root, run } from "../scripts/install.mjs";
import { buildPages } from "./delivery/build-pages.mjs";
import { measureCold } from "./delivery/cold.mjs";
import { CONTENDERS } from "./delivery/contenders.mjs";
import { measureCuts } from "./delivery/cuts.mjs";
import { measureDamage } from "./delivery/damaged-cache.mjs";
import { Host } from "./delivery/host.mjs";
import { journeyThatAnswers } from "./delivery/journey.mjs";
import { makeModels } from "./delivery/models.mjs";
import { installPeer } from "./delivery/peers.mjs";
import { measureTabs } from "./delivery/tabs.mjs";
import { measureUpdates } from "./delivery/updates.mjs";
import { withProfile } from "./delivery/visit.mjs";

const PARTS = {
  cold: measureCold,
  updates: measureUpdates,
  tabs: measureTabs,
  damage: measureDamage,
  cuts: measureCuts,
};

/**
 * What it takes to bring PP-OCR rec to a page over a slow link and through mishaps, against
 * transformers.js with the same files from the same host.
 *
 * @param rounds how often each contender has its turn where time is measured
 * @param part one of the parts alone
 */
export async function measureDelivery({ rounds = 5, part }) {
  const state = join(root, ".selvedge/bench");
  const [pages, assets] = [join(state, "pages"), join(state, "assets")];
  const peer = await installPeer(join(state, "peers"));
  await mkdir(state, { recursive: true });
  const models = await makeModels(join(state, "models"));
  await buildPages(pages, { peer });
  run("node", ["packages/cli/bin/selvedge.mjs", "assets", "--out", assets], { stdio: "ignore" });
  const host = new Host({
    "/": pages,
    "/models/": models.registry,
    "/files/": models.files,
    "/selvedge/": assets,
    "/runtime/": peer.runtime,
    "/hand-written/": join(root, "node_modules/onnxruntime-web/dist"),
  });
  const url = await host.start();
  const bench = { host, url, rounds, labels: models.labels, executablePath: await findBrowser() };
  const found = { results: [], ratios: [] };
  try {
    // One visit each that is not counted: what the host compresses, it has compressed by then.
    for (const contender of Object.keys(CONTENDERS))
      await withProfile((profile) => journeyThatAnswers(bench, contender, { profile }));
    for (const [name, measure] of Object.entries(PARTS)) {
      if (part !== undefined && part !== name) continue;
      console.error(`Measuring ${name}…`);
      const { results, ratios } = await measure(bench);
      found.results.push(...results);
      found.ratios.push(...ratios);
    }
    return found;
  } finally {
    await host.stop();
  }
}

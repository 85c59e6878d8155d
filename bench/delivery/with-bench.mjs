import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findBrowser } from "../../scripts/find-browser.mjs";
import { root, run } from "../../scripts/install.mjs";
import { buildPages } from "./build-pages.mjs";
import { Host } from "./host.mjs";
import { journeyThatAnswers } from "./journey.mjs";
import { makeModels } from "./models.mjs";
import { installPeer } from "./peers.mjs";
import { withProfile } from "./visit.mjs";

/**
 * Makes what the contenders need, starts the host, and gives `measure` all of it. Every contender has
 * had a visit by then that is not counted: what the host compresses, it has compressed.
 *
 * @param contenders by name
 * @param isFitted whether the host has a runtime that was fitted to its registry, beside the full one
 * @param rounds how often each contender has its turn where time is measured
 */
export async function withBench({ contenders, rounds, isFitted = false }, measure) {
  const state = join(root, ".selvedge/bench");
  const pages = join(state, "pages");
  const assets = join(state, isFitted ? "assets-fitted" : "assets");
  const peer = await installPeer(join(state, "peers"));
  await mkdir(state, { recursive: true });
  const models = await makeModels(join(state, "models"));
  await buildPages(pages, { peer });
  const fit = isFitted ? ["--fit", "--registry", models.registry] : [];
  const hosted = ["assets", "--out", assets, ...fit];
  run("node", ["packages/cli/bin/selvedge.mjs", ...hosted], { stdio: "ignore" });
  const host = new Host({
    "/": pages,
    "/models/": models.registry,
    "/files/": models.files,
    "/selvedge/": assets,
    "/first/": join(state, "first"),
    "/runtime/": peer.runtime,
    "/hand-written/": join(root, "node_modules/onnxruntime-web/dist"),
  });
  const url = await host.start();
  const bench = {
    host,
    url,
    contenders,
    rounds,
    labels: models.labels,
    executablePath: await findBrowser(),
  };
  try {
    for (const contender of Object.keys(contenders))
      await withProfile((profile) => journeyThatAnswers(bench, contender, { profile }));
    return await measure(bench);
  } finally {
    await host.stop();
  }
}

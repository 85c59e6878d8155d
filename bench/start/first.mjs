import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { landeOnnx } from "../../demo/models/lande-to-onnx.mjs";
import { root, run } from "../../scripts/install.mjs";
import { journeyThatAnswers } from "../delivery/journey.mjs";
import { FAST, SLOW } from "../delivery/links.mjs";
import { ratiosTo, summary } from "../delivery/summary.mjs";
import { withProfile } from "../delivery/visit.mjs";
import { requireAgreement, rowsOfVisits } from "./rows.mjs";

/** Where the page of `pages/first.js` finds the model, its keys, and runtimes with and without a fit. */
const PLACE = join(root, ".selvedge/bench/first");

/** One page with keys, by what it may do: `build` is what `first.js` is told. */
const CONTENDERS = {
  "woken from what ships": { page: "first", build: "shipped" },
  "loaded, fitted runtime": { page: "first", build: "fitted" },
  loaded: { page: "first", build: "whole" },
};

/** The one that ratios are to. */
const PEER = "loaded";

const LINKS = { "no link": FAST, "20 Mbit/s, 40 ms": SLOW };

/** What is the runtime's and the model's; the page and its scripts are the same for all. */
const DELIVERED = /^\/first\/(models|fitted|whole)\//;

const LANDE = { model: "lande", release: "stable", dtype: "fp32" };

/**
 * First visits to lande, packed with an image and signed, each in a browser that knows nothing: woken from
 * the image that ships with the pack, and loaded. Bytes are those that were sent by the first answer.
 */
export async function measureFirst({ ...bench }) {
  await prepare();
  bench.contenders = { ...bench.contenders, ...CONTENDERS };
  const rows = [];
  for (const [link, conditions] of Object.entries(LINKS)) {
    bench.host.become({ ...FAST, caching: "strong" });
    // What the host compresses, it has compressed then.
    for (const contender of Object.keys(CONTENDERS)) await firstVisit(bench, contender);
    bench.host.become({ ...conditions, caching: "strong" });
    rows.push(...(await measureOn(bench, link)));
  }
  const compared = rows.filter(({ name }) => !name.includes("stage"));
  return { results: rows, ratios: ratiosTo(PEER, compared) };
}

async function measureOn(bench, link) {
  const title = `first visit, lande, ${link}`;
  const visits = new Map(Object.keys(CONTENDERS).map((contender) => [contender, []]));
  for (let round = 0; round < bench.rounds; round++)
    for (const [contender, done] of visits) done.push(await firstVisit(bench, contender));
  requireAgreement(title, visits);
  const bytes = [...visits].map(([contender, done]) =>
    summary(
      `${title}: runtime and model`,
      contender,
      ["size", "byte"],
      done.map(({ delivered }) => delivered),
    ),
  );
  return [...rowsOfVisits(title, visits), ...bytes];
}

async function firstVisit(bench, contender) {
  return withProfile(async (profile) => {
    let delivered = 0;
    // The answer has just been told, and nothing behind it was asked for yet.
    const then = async () => {
      delivered = bench.host.bytesOf(DELIVERED);
    };
    const done = await journeyThatAnswers(bench, contender, { ...LANDE, profile, then });
    return { ...done, delivered };
  });
}

/** Packs lande with its image, signs it, and fits the runtime to it, as one does at a terminal. */
async function prepare() {
  await rm(PLACE, { recursive: true, force: true });
  await mkdir(PLACE, { recursive: true });
  const [registry, keys, model] = ["models", "keys", "lande.onnx"].map((name) => join(PLACE, name));
  await writeFile(model, landeOnnx());
  const selvedge = (...args) =>
    run("node", [join(root, "packages/cli/bin/selvedge.mjs"), ...args], { stdio: "ignore" });
  selvedge("keygen", "--out", keys);
  const [pack, channel] = ["pack", "channel"].map((role) => join(keys, `${role}.key.json`));
  const at = ["--name", "lande", "--version", "1.0.0", "--registry", registry];
  selvedge("pack", model, ...at, "--images", "always", "--key", pack);
  const to = ["--channel", "stable", "--registry", registry, "--key", channel];
  selvedge("promote", "lande@1.0.0", ...to);
  const [whole, fitted] = ["whole", "fitted"].map((name) => join(PLACE, name));
  selvedge("assets", "--out", whole);
  await cp(whole, fitted, { recursive: true });
  selvedge("assets", "--out", fitted, "--fit", "--registry", registry);
  const [packs, channels] = await Promise.all(
    ["pack", "channel"].map(async (role) =>
      JSON.parse(await readFile(join(keys, `${role}.pub.json`), "utf8")),
    ),
  );
  await writeFile(join(PLACE, "keys.json"), JSON.stringify({ pack: [packs], channel: [channels] }));
}

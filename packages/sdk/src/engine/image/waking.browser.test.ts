import type { RuntimeIndex } from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../../eventually.fixture.ts";
import type { Database } from "../../store/database.ts";
import { freshDatabase } from "../../store/fresh-database.fixture.ts";
import { unwrap } from "../../worker/outcome.ts";
import { allImages } from "./image-store.ts";
import { indexUrl } from "./known-index.ts";
import {
  type HostKind,
  hibernateOnce,
  installPack,
  startEngine,
  type TestEngine,
  tinyPack,
} from "./sleeper.fixture.ts";

let database: Database;
let engines: TestEngine[];

beforeEach(async () => {
  database = await freshDatabase();
  engines = [];
  await installPack(database, await tinyPack());
});

afterEach(() => {
  for (const engine of engines) engine.end();
});

function start(...how: Parameters<typeof startEngine>): TestEngine {
  const engine = startEngine(...how);
  engines.push(engine);
  return engine;
}

test.each<[HostKind, "run" | "full"]>([
  ["whole", "full"],
  ["fitted", "run"],
])(
  "on a %s host an engine wakes at step %s, and answers to the last bit as one that was loaded",
  async (kind, step) => {
    const made = await hibernateOnce(kind);
    expect(made).not.toHaveProperty("declined");
    const loaded = start(kind);
    unwrap(await loaded.open());
    const woken = start(kind, { isPatient: true });
    const opened = unwrap(await woken.open({ wake: "run" }));
    expect(opened?.waking).toMatchObject({ step, image: { key: made.key, bytes: made.bytes } });
    for (let seed = 0; seed < 200; seed++) {
      const rows = 1 + (seed % 4);
      const [got, want] = [await woken.answer(seed, rows), await loaded.answer(seed, rows)];
      expect(new Uint32Array(got.buffer)).toEqual(new Uint32Array(want.buffer));
    }
    expect(unwrap(await woken.api.checkWoken(1))).toMatchObject({ holds: true });
  },
);

/** Tells on a channel what a worker fetches. */
const TELLING = `
  const channel = new BroadcastChannel("fetched");
  const { fetch } = globalThis;
  globalThis.fetch = (url, how) => {
    channel.postMessage(String(url));
    return fetch(url, how);
  };`;

test("what a page has a worker begin with, before it asks anything of it, is what wakes", async () => {
  await hibernateOnce("fitted");
  const index: RuntimeIndex = await (
    await fetch(indexUrl(`${location.origin}/runtimes/fitted/`))
  ).json();
  const [image] = await allImages(database);
  const { run } = index;
  if (run === undefined || image?.kind !== "kept") throw new Error("there is nothing to wake");
  const { key, place, bytes } = image;
  const [early, earlyImage] = [
    { file: run.file, sha256: run.sha256 },
    { key, place, bytes },
  ];
  const fetched: string[] = [];
  const channel = new BroadcastChannel("fetched");
  channel.onmessage = ({ data }) => fetched.push(data);
  const ofRun = () => fetched.filter((url) => url.endsWith(run.file));
  const request = { isPatient: true, early, earlyImage };
  const engine = start("fitted", request, TELLING, async (worker, assets) => {
    worker.postMessage({ headStart: { assets, wasm: early, image: earlyImage } });
    await eventually(() => expect(ofRun()).toHaveLength(1));
  });
  expect(unwrap(await engine.open({ wake: "run" }))?.waking).toMatchObject({ step: "run" });
  expect(await engine.answer(7)).toHaveLength(8);
  channel.close();
  expect(ofRun()).toHaveLength(1);
});

test("where the pack is gone and its image is not, a first visit hears at once that nothing is there", async () => {
  await hibernateOnce("fitted");
  await database.use("losing a pack", (connection) => connection.clear("packs"));
  const engine = start("fitted", { isPatient: true });
  expect(unwrap(await engine.open({ wake: "run", isFirst: true }))).toBeUndefined();
});

import { type ImageSubject, imageKey, type RuntimeIndex, sha256 } from "@selvedge/protocol";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { select } from "../../delivery/registry.fixture.ts";
import { settingsKey, settingsUnder } from "../../proving/settings-record.ts";
import type { Database } from "../../store/database.ts";
import { freshDatabase } from "../../store/fresh-database.fixture.ts";
import type { BuiltPack } from "../../store/pack.fixture.ts";
import { unwrap } from "../../worker/outcome.ts";
import { allImages } from "./image-store.ts";
import { indexUrl } from "./known-index.ts";
import {
  type HostKind,
  hibernateOnce,
  installPack,
  knowIndex,
  putImage,
  type StoredImage,
  startEngine,
  type TestEngine,
  takeImage,
  tinyPack,
} from "./sleeper.fixture.ts";

let database: Database;
let pack: BuiltPack;
/** An image of it. All hosts have the same full wasm, so that it is one of each. */
let made: StoredImage;
let engines: TestEngine[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  pack = await tinyPack();
  await installPack(database, pack);
  await hibernateOnce("whole");
  made = await takeImage(database);
});

beforeEach(async () => {
  database = await freshDatabase();
  await installPack(database, pack);
  await putImage(database, made);
});

afterEach(() => {
  for (const engine of engines) engine.end();
  engines = [];
});

function start(...how: Parameters<typeof startEngine>): TestEngine {
  const engine = startEngine(...how);
  engines.push(engine);
  return engine;
}

/** Opens the model in a fresh worker that was asked to wake it, and has it answer. */
async function visit(kind: HostKind) {
  const engine = start(kind, { isPatient: true });
  const opened = unwrap(await engine.open({ wake: "run" }));
  expect(await engine.answer(7)).toHaveLength(8);
  return opened?.waking;
}

async function woken(kind: HostKind, step: "run" | "full", prelude = "") {
  await knowIndex(database, kind);
  const engine = start(kind, { isPatient: true }, prelude);
  expect(unwrap(await engine.open({ wake: step }))?.waking).toMatchObject({ step });
  return engine;
}

/** The image with another head, as whoever wrote it might have meant it. */
async function withHead(from: RegExp, to: string): Promise<StoredImage> {
  const head = made.record.head.replace(from, to);
  const headDigest = await sha256(new TextEncoder().encode(head));
  return { ...made, record: { ...made.record, head, headDigest } };
}

const knownIndexes = () => database.use("looking", (connection) => connection.getAll("runtimes"));

const loadedAsUsual = (reason: string) => ({
  step: "none",
  reason: expect.stringContaining(reason),
});

const OTHER = "the image is one of another runtime, model or options";

describe("what is not as it was written is loaded in the same worker, and says why:", () => {
  beforeEach(() => knowIndex(database, "whole"));

  test("a flipped bit; the key is quarantined, and the image gone", async () => {
    const pages = made.pages.slice();
    pages[5000] = (pages[5000] ?? 0) ^ 1;
    await putImage(database, { ...made, pages });
    const reason = "the image's pages are not what was written";
    expect(await visit("whole")).toEqual({ ...loadedAsUsual(reason), isDamaged: true });
    const { key } = made.record;
    expect(await allImages(database)).toMatchObject([{ key, kind: "quarantined", reason }]);
    expect(await visit("whole")).toEqual(loadedAsUsual(`quarantined: ${reason}`));
  });

  test("pages that end early: the image is gone, and may be made again", async () => {
    await putImage(database, { ...made, pages: made.pages.slice(0, -4096) });
    expect(await visit("whole")).toEqual(loadedAsUsual("some of the image is gone"));
    expect(await allImages(database)).toEqual([]);
    expect(await hibernateOnce("whole")).toMatchObject({ key: made.record.key });
    expect(await visit("whole")).toMatchObject({ step: "full" });
  });

  test("a head of which a digit changed", async () => {
    const head = made.record.head.replace('"session":', '"session":1');
    await putImage(database, { ...made, record: { ...made.record, head } });
    expect(await visit("whole")).toEqual({
      ...loadedAsUsual("the image's head is not what was written"),
      isDamaged: true,
    });
  });

  test("an image under another pack", async () => {
    const other = await tinyPack(2);
    await putImage(database, { ...made, record: { ...made.record, pack: other.digest } });
    await installPack(database, other);
    expect(await visit("whole")).toEqual(loadedAsUsual(OTHER));
  });

  test("settings other than those it was created with", async () => {
    const [digest, candidate] = settingsKey(pack.digest, "fp32");
    const settings = { prepacking: false };
    const record = { digest, candidate, at: 1, under: settingsUnder(), settings };
    await database.use("rehearsing", (connection) => connection.put("verdicts", record));
    expect(await visit("whole")).toEqual(loadedAsUsual(OTHER));
  });

  test("a runtime of which nothing is known", async () => {
    await database.use("forgetting", (connection) => connection.clear("runtimes"));
    expect(await visit("whole")).toEqual(loadedAsUsual("no runtimes are known"));
  });

  test("an index in which a name has changed", async () => {
    await database.use("damaging", async (connection) => {
      const [url = ""] = await connection.getAllKeys("runtimes");
      const { text = "", digest = "" } = (await connection.get("runtimes", url)) ?? {};
      const changed = text.replace(/"constructors":"\w+"/, '"constructors":"a"');
      await connection.put("runtimes", { text: changed, digest, at: Date.now() }, url);
    });
    expect(await visit("whole")).toEqual(loadedAsUsual("no runtimes are known"));
  });

  test("another runtime", async () => {
    await knowIndex(database, "whole", (index) => ({
      ...index,
      full: { ...index.full, sha256: "0".repeat(64) },
    }));
    expect(await visit("whole")).toEqual(loadedAsUsual(OTHER));
  });

  test.each(["window", "node"] as const)("an image of a runtime in a %s", async (host) => {
    const index: RuntimeIndex = await (
      await fetch(indexUrl(`${location.origin}/runtimes/whole/`))
    ).json();
    const key = await keyIn(host, index);
    expect(await keyIn("worker", index)).toBe(made.record.key);
    const { record, pages } = await withHead(/"key":"\w+"/, `"key":"${key}"`);
    await database.use("moving", (connection) => connection.clear("images"));
    await putImage(database, { record: { ...record, key }, pages });
    expect(await visit("whole")).toEqual(loadedAsUsual(OTHER));
  });

  test("a full wasm that is not the one its digest was taken of", async () => {
    const other = `
      const real = globalThis.fetch;
      globalThis.fetch = (url, init) => init?.integrity
        ? Promise.reject(new TypeError("Failed integrity"))
        : real(url, init)`;
    const engine = start("whole", { isPatient: true }, other);
    const opened = unwrap(await engine.open({ wake: "full" }));
    expect(opened?.waking).toEqual(loadedAsUsual("threaded.wasm could not be loaded"));
    expect(await engine.answer(7)).toHaveLength(8);
  });
});

/** The key of the image, had the runtime taken itself to be in something else than a worker. */
function keyIn(host: ImageSubject["host"], { full, glue }: RuntimeIndex): Promise<string> {
  const runtime = { wasm: full.sha256, glue: glue.sha256 };
  const settings = { backend: "wasm" };
  return imageKey({ ...runtime, pack: pack.digest, dtype: "fp32", settings, host });
}

describe("what is woken", () => {
  test("answers the same a day later, whatever its clocks say", async () => {
    const tomorrow = `
      const [now, since] = [Date.now.bind(Date), performance.now.bind(performance)];
      Date.now = () => now() + 86_400_000;
      performance.now = () => since() + 86_400_000`;
    const engine = await woken("fitted", "run", tomorrow);
    const loaded = start("whole");
    unwrap(await loaded.open());
    for (let seed = 0; seed < 50; seed++)
      expect(await engine.answer(seed, 3)).toEqual(await loaded.answer(seed, 3));
  });

  test("is not woken in memory that cannot grow, and says so: it is loaded", async () => {
    await knowIndex(database, "whole");
    await putImage(database, await withHead(/"memoryBytes":\d+/, '"memoryBytes":67108864'));
    const stuck = `
      const grow = WebAssembly.Memory.prototype.grow;
      WebAssembly.Memory.prototype.grow = function (pages) {
        if (pages > 500) throw new RangeError("Maximum memory size exceeded");
        return grow.call(this, pages);
      };`;
    const engine = start("whole", { isPatient: true }, stuck);
    const opened = unwrap(await engine.open({ wake: "full" }));
    expect(opened?.waking).toEqual(loadedAsUsual("Maximum memory size exceeded"));
    expect(await engine.answer(7)).toHaveLength(8);
    expect(await allImages(database)).toMatchObject([{ kind: "kept" }]);
  });

  test("takes no second session where its wasm only runs, and goes on", async () => {
    const engine = await woken("fitted", "run");
    const request = { by: "selector", selector: select() } as const;
    const second = await engine.api.open(2, request, { backend: "wasm", wake: "run" });
    expect(second).toMatchObject({ ok: false, error: { code: "session-failed" } });
    expect(await engine.answer(1)).toHaveLength(8);
    // Another worker that wakes may be given its Module; one that loads never is.
    expect(unwrap(await engine.started)).toMatchObject({
      wasm: "run",
      fitted: { file: expect.stringContaining("run") },
    });
  });

  test("takes a second one where its wasm is the full one, and loads that", async () => {
    const engine = await woken("whole", "full");
    const request = { by: "selector", selector: select() } as const;
    const how = { backend: "wasm", wake: "full" } as const;
    const second = unwrap(await engine.api.open(2, request, how));
    expect(second?.waking).toEqual(loadedAsUsual("the worker has a runtime already"));
    unwrap(await engine.api.close(1));
    expect(unwrap(await engine.api.prove(2))).toMatchObject({ holds: true });
  });

  test.each<[HostKind, "run" | "full"]>([
    ["fitted", "run"],
    ["whole", "full"],
  ])(
    "on a %s host is not woken at step %s for another pack that took its place",
    async (kind, step) => {
      await knowIndex(database, kind);
      await database.use("losing", (connection) => connection.delete("packs", pack.digest));
      const engine = start(kind, { isPatient: true });
      expect(unwrap(await engine.open({ wake: step }))).toBeUndefined();
      const other = await tinyPack(2);
      await installPack(database, other);
      const opened = await engine.open({ wake: step });
      if (step === "full") {
        expect(unwrap(opened)).toMatchObject({ digest: other.digest, waking: { step: "none" } });
        const loaded = start("as-shipped");
        unwrap(await loaded.open());
        expect(await engine.answer(7)).toEqual(await loaded.answer(7));
      } else expect(opened).toMatchObject({ error: { detail: { isBroken: true, isWoken: true } } });
    },
  );

  test("is found out where its answers are not what they were, and stays quarantined", async () => {
    const { key } = made.record;
    await putImage(database, await withHead(/"answers":"../, '"answers":"00'));
    const engine = await woken("whole", "full");
    const proof = unwrap(await engine.api.checkWoken(1));
    expect(proof.holds).toBe(false);
    unwrap(await engine.api.quarantine(key, proof.finding));
    expect(await visit("whole")).toEqual(loadedAsUsual(`quarantined: ${proof.finding}`));
    await expect(hibernateOnce("whole")).rejects.toMatchObject({
      code: "no-candidate",
      message: expect.stringContaining("quarantined"),
    });
    expect(await allImages(database)).toMatchObject([{ key, kind: "quarantined" }]);
  });
});

test.each([
  ["cannot say now", "Promise.resolve(new Response(null, { status: 503 }))"],
  [
    "does not say",
    'new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason)))',
  ],
])("an image is not blamed for a host that %s what its files are", async (_, answer) => {
  const prelude = `
    const ask = fetch;
    globalThis.fetch = (url, { signal, ...how } = {}) =>
      String(url).endsWith(".mjs") ? ${answer} : ask(url, { signal, ...how });`;
  const engine = await woken("whole", "full", prelude);
  expect(unwrap(await engine.api.checkWoken(1))).toMatchObject({ holds: true });
  expect(await allImages(database)).toMatchObject([{ kind: "kept" }]);
});

describe("a wasm that was fitted", () => {
  test("and traps as it runs, is told from one that did not wake; the full one wakes", async () => {
    const engine = await woken("trapping", "run");
    const input = { x: { type: "float32", data: new Float32Array(16), dims: [1, 16] } } as const;
    const { key: image } = made.record;
    expect(await engine.api.run(1, input)).toMatchObject({
      ok: false,
      error: { code: "engine-crashed", detail: { isFitted: true, isWoken: true, image } },
    });
    expect(await (await woken("trapping", "full")).answer(3)).toHaveLength(8);
  });

  test("and is not the one its digest was taken of, is not run: the full one wakes the image", async () => {
    await knowIndex(database, "mixed-up");
    const reason = expect.stringContaining("run.wasm could not be loaded");
    expect(await visit("mixed-up")).toMatchObject({ step: "full", reason });
  });

  test("and is gone from the host: the full one wakes the image, and the host is asked what it has", async () => {
    await knowIndex(database, "fitted", ({ run, ...index }) =>
      run === undefined ? index : { ...index, run: { ...run, file: "gone.wasm" } },
    );
    const reason = expect.stringContaining("gone.wasm could not be loaded");
    expect(await visit("fitted")).toMatchObject({ step: "full", reason });
    await expect.poll(async () => JSON.stringify(await knownIndexes())).toContain("run.wasm");
    expect(await visit("fitted")).toMatchObject({ step: "run", reason: "as asked" });
  });

  test("loads a first visit's model, which nothing is known of", async () => {
    const late = `
      const real = globalThis.fetch;
      globalThis.fetch = (url, init) => String(url).endsWith("threaded.wasm")
        ? new Promise((_, reject) => init.signal.addEventListener("abort", () => reject(init.signal.reason)))
        : real(url, init)`;
    await database.use("forgetting", (connection) => connection.clear("activations"));
    const engine = start("fitted", {}, late);
    expect(unwrap(await engine.started)).toMatchObject({ wasm: "load" });
    await installPack(database, pack);
    unwrap(await engine.open());
    expect(await engine.answer(3)).toHaveLength(8);
  });

  test("is not what a model is loaded in that is installed, and that nothing was fitted to", async () => {
    const engine = start("trapping");
    unwrap(await engine.open());
    expect(unwrap(await engine.started)).toMatchObject({ wasm: "full" });
    expect(await engine.answer(3)).toHaveLength(8);
  });

  test("and is gone from the host, is done without; an hour later the host is asked what it has", async () => {
    await knowIndex(
      database,
      "fitted",
      ({ load, ...index }) =>
        load === undefined
          ? index
          : { ...index, load: { ...load, file: "gone.wasm", packs: [pack.digest] } },
      Date.now() - 2 * 3_600_000,
    );
    const slow = `
      const real = globalThis.fetch;
      let isGone = () => undefined;
      const gone = new Promise((resolve) => { isGone = resolve; });
      globalThis.fetch = async (url, init) => {
        if (String(url).endsWith("gone.wasm")) { isGone(); return new Response("", { status: 404 }); }
        if (String(url).endsWith("threaded.wasm")) {
          if (globalThis.isAsked) throw new Error("asked for twice");
          globalThis.isAsked = true;
          await gone;
        }
        return real(url, init);
      }`;
    const engine = start("fitted", {}, slow);
    unwrap(await engine.open());
    expect(unwrap(await engine.started)).toMatchObject({ wasm: "full" });
    expect(await engine.answer(3)).toHaveLength(8);
    const known = async () => JSON.stringify(await knownIndexes());
    await expect.poll(known).not.toContain("gone.wasm");
    expect(await known()).toContain("load.wasm");
  });

  test("and traps as it loads, leaves an engine that says so; the full one loads", async () => {
    await knowIndex(database, "trapping", ({ load, ...index }) =>
      load === undefined ? index : { ...index, load: { ...load, packs: [pack.digest] } },
    );
    const engine = start("trapping", { isPatient: true });
    expect(await engine.open()).toMatchObject({
      ok: false,
      error: { code: "engine-crashed", detail: { isFitted: true } },
    });
    const next = start("trapping", { isPatient: true, isFull: true });
    unwrap(await next.open());
    expect(await next.answer(3)).toHaveLength(8);
  });
});

test("a Module that was handed over wakes nothing, traps as what it is, and is not what an image is made in", async () => {
  await knowIndex(database, "trapping");
  const first = start("trapping", { isFull: true });
  const { module } = unwrap(await first.started);
  if (module === undefined) throw new Error("there is no Module to hand over");
  const patient = start("trapping", { isPatient: true, module, wasm: "load" });
  const opened = unwrap(await patient.open({ wake: "run" }));
  expect(opened?.waking).toEqual(loadedAsUsual("the wasm was handed over"));
  expect(unwrap(await patient.started)).toMatchObject({ wasm: "load" });
  const writer = start("whole", { isForImage: true, module });
  unwrap(await writer.open());
  expect(unwrap(await writer.api.hibernate(1))).toMatchObject({ key: made.record.key });
});

describe("nothing is written down", () => {
  test.each<[why: string, kind: HostKind, hasRun: boolean, isForImage: boolean]>([
    ["where the host has no index", "as-shipped", false, true],
    ["of an engine that has run an app's inputs", "whole", true, true],
    ["in a worker that was not started for it", "whole", false, false],
  ])("%s", async (_why, kind, hasRun, isForImage) => {
    await database.use("forgetting", (connection) => connection.clear("images"));
    const engine = start(kind, isForImage ? { isForImage } : {});
    unwrap(await engine.open());
    if (hasRun) await engine.answer(1);
    const refused = { ok: false, error: { code: "no-candidate" } };
    expect(await engine.api.hibernate(1)).toMatchObject(refused);
    expect(await allImages(database)).toEqual([]);
    expect(await engine.answer(3)).toHaveLength(8);
  });

  test("in the wasm that came with the library, as the one the index names could not be loaded", async () => {
    await database.use("forgetting", (connection) => connection.clear("images"));
    const withoutPinned = `
      const real = globalThis.fetch;
      globalThis.fetch = (url, init) => init?.integrity ? Promise.reject(new TypeError("gone")) : real(url, init)`;
    const engine = start("whole", { isForImage: true }, withoutPinned);
    unwrap(await engine.open());
    expect(await engine.api.hibernate(1)).toMatchObject({ error: { code: "no-candidate" } });
    expect(await allImages(database)).toEqual([]);
  });
});

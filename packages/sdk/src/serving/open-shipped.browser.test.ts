import { afterEach, beforeEach, expect, test } from "vitest";
import { select } from "../delivery/registry.fixture.ts";
import { KeeperClient } from "../worker/keeper-client.ts";
import { ENGINE_METHODS, scriptedWorker } from "../worker/scripted-worker.fixture.ts";
import { EngineHost } from "./engine-host.ts";
import { EnginePool } from "./engine-pool.ts";
import { openModel } from "./open.ts";
import { RuntimeShelf } from "./runtime-shelf.ts";
import { storedHint, wakeHint } from "./wake-hint.ts";

const WASM = { backend: "wasm", build: "wasm", features: [] } as const;
const CHANNEL = "what workers of first visits were asked";
const WANTED = select({ trust: "ab".repeat(32) });

/** What workers say that fail, as it crosses. */
const failed = (code: string, message: string, detail = {}) =>
  JSON.stringify({ ok: false, error: { name: "SelvedgeError", code, message, detail } });

let said: unknown[];
let channel: BroadcastChannel;
let ends: (() => void)[];

beforeEach(() => {
  [said, ends] = [[], []];
  channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }) => said.push(data);
  localStorage.clear();
});

afterEach(() => {
  for (const end of ends) end();
  channel.close();
  localStorage.clear();
});

const TELL = `
  tell(...what) {
    const channel = new BroadcastChannel(${JSON.stringify(CHANNEL)});
    channel.postMessage(what.join(" "));
    channel.close();
  },
`;

/** A keeper of a registry that has the model, and offers it. */
const KEEPER = `${TELL}
  start() {},
  offer() {
    api.tell("offer");
    const pack = { digest: "d", version: "1.0.0", manifest: "{}", resolveMs: 5, signedBy: {} };
    return { ok: true, value: { ...pack, dtype: "auto", backend: "wasm", features: [] } };
  },
  fetchOffered(_call, _wanted, blobs) {
    api.tell("fetch", blobs.length);
    return { ok: true, value: 1340 };
  },
  standing: () => ({ ok: true }),
  install() {
    api.tell("install");
    const costs = { bytes: 1, fetchedBytes: 1, resolveMs: 1, fetchMs: 1 };
    const pack = { digest: "d", version: "1.0.0", dtype: "fp32", storage: { kind: "persistent" } };
    return { ok: true, value: { ...pack, ...costs } };
  },
`;

/** An engine on a device that has nothing, until something was installed. */
const ENGINE = `${ENGINE_METHODS} ${TELL}
  start({ isPatient = false, ...request }) {
    api.tell("start", isPatient ? "patiently" : "at once");
    return ({ ${ENGINE_METHODS} }).start(request);
  },
  consider() {
    return { ok: true, value: { dtype: "fp32", blobs: [{}, {}, {}] } };
  },
  open(_session, { by }, { wake = "none", isFirst = false }) {
    api.tell("open by", by, wake, ...(isFirst ? ["first"] : []));
    if (by === "selector") return { ok: true };
    const { value } = ({ ${ENGINE_METHODS} }).open();
    const image = { key: "k", bytes: 4096, readMs: 2, restoreMs: 1 };
    if (by !== "image") return { ok: true, value };
    return { ok: true, value: { ...value, waking: { step: "run", reason: "by image", image } } };
  },
`;

function rooms(
  { engine = "", keeper = "" } = {},
  { trust }: { readonly trust: string | undefined } = { trust: WANTED.trust },
) {
  const pool = new EnginePool({
    assets: "https://assets.test/",
    shelf: new RuntimeShelf(),
    spawn: () => scriptedWorker(ENGINE + engine),
  });
  const onDispose = () => undefined;
  const host = new EngineHost({ place: WASM, pool, trust, mayWake: true, onDispose });
  const client = new KeeperClient(() => scriptedWorker(KEEPER + keeper), { registry: "" });
  ends.push(
    () => host.dispose(),
    () => client.end(new Error("the test is over")),
  );
  return { host, keeper: client };
}

test("a pack that comes with an image is woken from it, and not installed yet", async () => {
  const { host, keeper } = rooms();
  const first = await openModel({ host, keeper }, WANTED, {});
  expect(first.isShipped).toBe(true);
  expect(first.installed).toMatchObject({
    fetchedBytes: 1340,
    resolveMs: 5,
    storage: { kind: "memory" },
  });
  expect(host.start).toMatchObject({ step: "run", code: "woken", reason: "by image" });
  const asked = ["fetch 3", "offer", "open by image run first", "open by selector run first"];
  await expect.poll(() => said.toSorted()).toEqual([...asked, "start patiently"]);
  expect(wakeHint.of(WANTED.name)).toBe("none");
});

test.each<[what: string, own: { engine?: string; keeper?: string }, code: string, why: RegExp]>([
  [
    "the engine turns it down",
    { engine: `consider: () => (${failed("no-candidate", "it ships none")}),` },
    "no-image",
    /it ships none/,
  ],
  [
    "its files cannot be had",
    { keeper: `fetchOffered: () => (${failed("integrity", "it is damaged")}),` },
    "no-image",
    /it is damaged/,
  ],
  ["nothing is offered", { keeper: "offer: () => ({ ok: true })," }, "no-image", /in the store/],
])("where %s, it is loaded in the same worker", async (_what, own, code, why) => {
  const { host, keeper } = rooms(own);
  const first = await openModel({ host, keeper }, WANTED, {});
  expect(first.isShipped).toBeUndefined();
  expect(host.start).toMatchObject({ step: "none", code });
  expect(host.start.reason).toMatch(why);
  const asked = ["install", "open by digest none", "start patiently"];
  await expect.poll(() => said).toEqual(expect.arrayContaining(asked));
  expect(said.filter((what) => String(what).startsWith("start"))).toHaveLength(1);
  // The store has it from then on.
  expect(storedHint.isNoted(WANTED.name)).toBe(true);
});

test("one that does not hold is followed by an engine that loads, in another worker", async () => {
  const wrong = failed("session-failed", "not its golden answers", { isBroken: true });
  const engine = `open: (session, request, how) =>
    request.by === "image" ? (${wrong}) : ({ ${ENGINE} }).open(session, request, how),`;
  const { host, keeper } = rooms({ engine });
  const first = await openModel({ host, keeper }, WANTED, {});
  expect(first.isShipped).toBeUndefined();
  expect(host.start).toMatchObject({ step: "none", code: "failed" });
  expect(host.start.reason).toContain("not its golden answers");
  await expect.poll(() => said.filter((what) => String(what).startsWith("start"))).toHaveLength(2);
  await expect.poll(() => said).toContain("start at once");
});

test("what the keeper refuses of the pack itself, it refuses of loading too", async () => {
  const keeper = `offer: () => (${failed("signature-invalid", "signed by a stranger")}),`;
  const opening = openModel(rooms({ keeper }), WANTED, {});
  await expect(opening).rejects.toMatchObject({ code: "signature-invalid" });
  expect(said).not.toContain("install");
});

async function expectUsual(opening: ReturnType<typeof rooms>): Promise<void> {
  const first = await openModel(opening, WANTED, {});
  expect(first.isShipped).toBeUndefined();
  const asked = ["install", "open by digest none", "start at once"];
  await expect.poll(() => said).toEqual(expect.arrayContaining(asked));
  expect(said).not.toContain("offer");
}

test("nothing waits, and nothing is asked for, on a page without keys", () =>
  expectUsual(rooms({}, { trust: undefined })));

test("nor where the store is known to have the model", async () => {
  storedHint.note(WANTED.name);
  await expectUsual(rooms());
});

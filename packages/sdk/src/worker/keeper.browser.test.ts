import { proxy } from "comlink";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeRegistry, REGISTRY, select } from "../delivery/registry.fixture.ts";
import { eventually } from "../eventually.fixture.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack } from "../store/pack.fixture.ts";
import { packUsage } from "../tabs/pack-usage.ts";
import { WebLocks } from "../tabs/web-locks.ts";
import { answerFetches } from "./fetch-by-page.fixture.ts";
import type { PackBytes, PackRef, PackSelector, Progress } from "./keeper-api.ts";
import { KeeperClient } from "./keeper-client.ts";

let pack: BuiltPack;
let registry: FakeRegistry;
let keeper: KeeperClient;
let spawned: Worker[];
let stopAnswering: () => void;

beforeEach(async () => {
  await freshDatabase();
  pack = await buildPack({ attachments: { "labels.txt": new TextEncoder().encode("a\nb") } });
  registry = new FakeRegistry([pack]);
  stopAnswering = answerFetches((url, init) => registry.fetch(url, init));
  spawned = [];
  keeper = client();
});

afterEach(() => {
  keeper.end(new Error("the test is over"));
  stopAnswering();
});

function client({ fetch }: { readonly fetch?: typeof globalThis.fetch } = {}): KeeperClient {
  const spawn = () => {
    const worker = new Worker(new URL("./keeper-without-network.fixture.ts", import.meta.url), {
      type: "module",
    });
    spawned.push(worker);
    return worker;
  };
  return new KeeperClient(spawn, { registry: REGISTRY, fetch });
}

function install(
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (progress: Progress) => void } = {},
  selector: PackSelector = select(),
) {
  return keeper.call(
    (remote, call) => remote.install(call, selector, onProgress && proxy(onProgress)),
    signal,
  );
}

const ref = (): PackRef => ({
  origin: { name: "tiny", version: "1.0.0" },
  digest: pack.digest,
  dtype: "fp32",
  backend: "wasm",
  features: [],
});
const attachment = (name: string) =>
  keeper.call((remote, call) => remote.attachment(call, ref(), name));

test("a keeper installs a pack and tells how far it is", async () => {
  const onProgress = vi.fn<(progress: Progress) => void>();
  expect(await install({ onProgress })).toMatchObject({ digest: pack.digest });
  const { byteLength } = pack.segment;
  await eventually(() =>
    expect(onProgress).toHaveBeenLastCalledWith({
      phase: "fetch",
      file: "tiny",
      loaded: byteLength,
      total: byteLength,
    }),
  );
});

test("a pack is handed over whole, again and again, also after it was deleted", async () => {
  await install();
  const restore = () => keeper.call((remote, call) => remote.restore(call, ref()));
  const sizes = ({ pieces }: PackBytes) => pieces.map(({ bytes }) => bytes.byteLength);
  const first = await restore();
  expect(first.manifest).toBe(pack.text);
  expect(sizes(await restore())).toEqual(sizes(first));
  await keeper.call((remote, call) => remote.remove(call, "tiny"));
  expect(sizes(await restore())).toEqual(sizes(first));
});

test("a progress callback's port is given back when the install is over", async () => {
  const close = vi.spyOn(MessagePort.prototype, "close");
  await install({ onProgress: () => undefined });
  await eventually(() => expect(close).toHaveBeenCalled());
});

test("two installs at once of one model share one download", async () => {
  const [one, other] = await Promise.all([install(), install()]);
  expect([one.fetchedBytes, other.fetchedBytes]).toEqual([pack.segment.byteLength, 0]);
  expect(registry.segmentRequests).toHaveLength(1);
});

describe("two tabs", () => {
  let other: KeeperClient;

  beforeEach(() => {
    other = client();
  });

  afterEach(() => {
    other.end(new Error("the test is over"));
  });

  const isDownloadingThere = async () => {
    const { state } = await other.call((remote, call) => remote.availability(call, select()));
    return state === "downloading";
  };

  /** Lets segments wait. @returns what lets them go */
  function holdBack(): () => void {
    let letGo = (): void => undefined;
    const released = new Promise<undefined>((resolve) => {
      letGo = () => resolve(undefined);
    });
    registry.intercept = ({ path }) => (path.includes("/segments/") ? released : undefined);
    return letGo;
  }

  test("that install one model share one download, and each is told how far it is", async () => {
    const letGo = holdBack();
    const first = install();
    await eventually(() => expect(registry.segmentRequests).toHaveLength(1));
    const onProgress = vi.fn<(progress: Progress) => void>();
    const second = other.call((remote, call) => remote.install(call, select(), proxy(onProgress)));
    const total = pack.segment.byteLength;
    const told = { phase: "fetch", file: "tiny", total };
    await eventually(() => expect(onProgress).toHaveBeenLastCalledWith({ ...told, loaded: 0 }));
    letGo();
    expect((await first).fetchedBytes).toBe(total);
    expect((await second).fetchedBytes).toBe(0);
    await eventually(() => expect(onProgress).toHaveBeenLastCalledWith({ ...told, loaded: total }));
    expect(registry.segmentRequests).toHaveLength(1);
  });

  test("know of each other's downloads", async () => {
    expect(await isDownloadingThere()).toBe(false);
    holdBack();
    void install().catch(() => undefined);
    await eventually(() => expect(registry.segmentRequests).toHaveLength(1));
    expect(await isDownloadingThere()).toBe(true);
    keeper.end(new Error("the tab was closed"));
    await eventually(async () => expect(await isDownloadingThere()).toBe(false));
  });

  test("take over from each other where one is closed", async () => {
    const letGo = holdBack();
    void install().catch(() => undefined);
    await eventually(() => expect(registry.segmentRequests).toHaveLength(1));
    const second = other.call((remote, call) => remote.install(call, select()));
    keeper.end(new Error("the tab was closed"));
    letGo();
    expect(await second).toMatchObject({ digest: pack.digest });
  });

  test("that run one pack mark it as used until the last has done with it", async () => {
    const usage = usageSeen();
    const [here, there] = [new AbortController(), new AbortController()];
    const isUsed = async () => (await usage.inUse()).has(pack.digest);
    keeper.hold(pack.digest, here.signal);
    keeper.hold(pack.digest, there.signal);
    other.hold(pack.digest, new AbortController().signal);
    await eventually(async () => expect(await isUsed()).toBe(true));
    here.abort();
    other.end(new Error("the tab was closed"));
    await settledIn(keeper);
    expect(await isUsed()).toBe(true);
    there.abort();
    await eventually(async () => expect(await isUsed()).toBe(false));
  });

  test("go on marking what they use when a keeper crashed and another took over", async () => {
    const usage = usageSeen();
    const dispose = new AbortController();
    const isUsed = async () => (await usage.inUse()).has(pack.digest);
    keeper.hold(pack.digest, dispose.signal);
    await eventually(async () => expect(await isUsed()).toBe(true));
    spawned[0]?.dispatchEvent(new ErrorEvent("error", { message: "out of memory" }));
    await eventually(async () => expect(await isUsed()).toBe(false));
    await settledIn(keeper);
    await eventually(async () => expect(await isUsed()).toBe(true));
    dispose.abort();
    await eventually(async () => expect(await isUsed()).toBe(false));
  });

  /** What a third tab sees. */
  const usageSeen = () => packUsage(new WebLocks(navigator.locks));

  /** Everything told to a keeper so far has been heard. */
  const settledIn = (client: KeeperClient) => client.call((remote, call) => remote.list(call));
});

test("an install that is aborted while it waits does not hold up the others, and fetches nothing", async () => {
  const controller = new AbortController();
  const first = install();
  const second = install({ signal: controller.signal }, select({ channel: "canary" }));
  const third = install();
  controller.abort();
  await expect(second).rejects.toMatchObject({ name: "AbortError" });
  await Promise.all([first, third]);
  const channelReads = registry.requests.filter(({ path }) => path.endsWith("channels.json"));
  expect(channelReads).toHaveLength(2);
});

test("an install that fails does not fail the one behind it", async () => {
  const failing = install({}, select({ channel: "canary" }));
  const behind = install();
  await expect(failing).rejects.toMatchObject({ code: "channel-missing" });
  expect(await behind).toMatchObject({ digest: pack.digest });
});

describe("an attachment", () => {
  test("is read from the store", async () => {
    await install();
    expect(new TextDecoder().decode(await attachment("labels.txt"))).toBe("a\nb");
  });

  test("that the pack lacks is an error that lists what it has", async () => {
    await install();
    await expect(attachment("vocabulary.txt")).rejects.toMatchObject({
      code: "attachment-missing",
      message: expect.stringContaining("it has: labels.txt"),
    });
  });

  test("of a pack that was deleted while it is loaded is fetched again", async () => {
    await install();
    expect(await keeper.call((remote, call) => remote.remove(call, "tiny"))).toBe(1);
    expect(new TextDecoder().decode(await attachment("labels.txt"))).toBe("a\nb");
  });

  test("of a pack that is gone from everywhere is an error that says so", async () => {
    await install();
    await keeper.call((remote, call) => remote.clear(call));
    registry.files.clear();
    await expect(attachment("labels.txt")).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("a keeper whose page fetches", () => {
  const fetch = vi.fn<typeof globalThis.fetch>((url, init) => registry.fetch(url as string, init));

  beforeEach(() => {
    fetch.mockClear();
    keeper.end(new Error("replaced"));
    // Whatever went past the page would be answered here.
    stopAnswering();
    stopAnswering = answerFetches(async () => new Response("", { status: 418 }));
    keeper = client({ fetch });
  });

  test("asks it for every document and every byte", async () => {
    expect(await install()).toMatchObject({ digest: pack.digest });
    expect(fetch.mock.calls.map(([url]) => String(url))).toEqual(
      registry.requests.map(({ path }) => REGISTRY + path),
    );
    const selector = select({ channel: "canary" });
    expect(await keeper.call((remote, call) => remote.availability(call, selector))).toMatchObject({
      state: "unavailable",
    });
    expect(fetch.mock.calls.length).toBe(registry.requests.length);
    expect(fetch.mock.calls.length).toBeGreaterThan(3);
  });

  test("takes an abort to it", async () => {
    const controller = new AbortController();
    registry.intercept = () => new Promise(() => undefined);
    const installing = install({ signal: controller.signal });
    await eventually(() => expect(registry.requests).toHaveLength(1));
    controller.abort();
    await expect(installing).rejects.toMatchObject({ name: "AbortError" });
    await eventually(() => expect(registry.requests[0]?.signal?.aborted).toBe(true));
  });

  test("goes on asking it after a crash, and gives up what the crashed one had asked", async () => {
    registry.intercept = () => new Promise(() => undefined);
    const hanging = install();
    await eventually(() => expect(registry.requests).toHaveLength(1));
    spawned.at(-1)?.dispatchEvent(new ErrorEvent("error", { message: "out of memory" }));
    await expect(hanging).rejects.toMatchObject({ code: "engine-crashed" });
    registry.intercept = () => undefined;
    expect(await install()).toMatchObject({ digest: pack.digest });
    expect(registry.requests[0]?.signal?.aborted).toBe(true);
  });
});

test("a keeper that crashes fails what was under way; the next call starts another", async () => {
  registry.intercept = () => new Promise(() => undefined);
  const hanging = install();
  await eventually(() => expect(registry.requests).toHaveLength(1));
  spawned[0]?.dispatchEvent(new ErrorEvent("error", { message: "out of memory" }));
  await expect(hanging).rejects.toMatchObject({ code: "engine-crashed" });
  registry.intercept = () => undefined;
  expect(await install()).toMatchObject({ digest: pack.digest });
  expect(spawned).toHaveLength(2);
});

test("after its end no call starts another keeper, also where none was started before", async () => {
  const reason = new Error("closed");
  keeper.end(reason);
  await expect(install()).rejects.toBe(reason);
  expect(spawned).toEqual([]);
});

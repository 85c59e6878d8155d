import { channelsPath, encodeChannels, manifestPath, SelvedgeError } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeRegistry, REGISTRY, select } from "../delivery/registry.fixture.ts";
import { networkOf } from "../delivery/rooms.fixture.ts";
import { type BuiltPack, buildPack } from "../store/pack.fixture.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import { type ResolvedPack, resolvePack } from "./resolve.ts";

const CHANNELS = channelsPath("tiny");
const MANIFEST = manifestPath("tiny", "1.0.0");

let pack: BuiltPack;
let registry: FakeRegistry;

beforeEach(async () => {
  pack = await buildPack({ tensors: [] });
  registry = new FakeRegistry([pack]);
  vi.stubGlobal("fetch", registry.fetch);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function resolve(
  selector: PackSelector = select(),
  stored: (digest: string) => Promise<string | undefined> = async () => undefined,
): Promise<ResolvedPack> {
  return resolvePack(selector, {
    signal: new AbortController().signal,
    network: networkOf(),
    stored,
  });
}

async function failureOf(selector?: PackSelector): Promise<SelvedgeError> {
  const error: unknown = await resolve(selector).catch((reason: unknown) => reason);
  if (error instanceof SelvedgeError) return error;
  throw new Error(`expected a SelvedgeError, got ${String(error)}`);
}

test("a channel leads to the manifest it names", async () => {
  expect(await resolve()).toEqual({
    digest: pack.digest,
    text: pack.text,
    manifest: pack.manifest,
  });
});

test("a manifest that the store has is not fetched", async () => {
  const stored = vi.fn(async () => pack.text);
  expect((await resolve(select(), stored)).digest).toBe(pack.digest);
  expect(stored).toHaveBeenCalledWith(pack.digest);
  expect(registry.requests.map(({ path }) => path)).toEqual([CHANNELS]);
});

test("where a channel serves several versions, a device takes the one that most are meant to have", async () => {
  const entry = (version: string, manifest: string, from: number, to: number) => ({
    version,
    manifest,
    buckets: [from, to] as const,
  });
  const issued = "2026-01-01T00:00:00Z";
  const stable = [
    entry("2.0.0", "0".repeat(64), 0, 1_000),
    entry("1.0.0", pack.digest, 1_000, 10_000),
  ];
  const document = { name: "tiny", sequence: 2, issued, expires: issued, channels: { stable } };
  registry.write(CHANNELS, JSON.stringify(encodeChannels(document)));
  expect((await resolve()).digest).toBe(pack.digest);
});

describe("what is wrong with the channel document is said:", () => {
  test.each<[what: string, code: string, says: string, spoil: () => void]>([
    ["it is not there", "not-found", "channels of tiny", () => registry.files.clear()],
    ["a web page is", "channel-invalid", "a web page", () => registry.write(CHANNELS, "<html>")],
    ["half of it is", "channel-invalid", "JSON", () => registry.write(CHANNELS, '{"payload')],
    ["the host fails", "response-invalid", "503", () => answerAll(503)],
  ])("%s", async (_what, code, says, spoil) => {
    spoil();
    const error = await failureOf();
    expect(error.code).toBe(code);
    expect(error.message).toContain(says);
  });

  test("it is another model's", async () => {
    const other = new FakeRegistry([await buildPack({ name: "other" })]);
    registry.files.set(CHANNELS, other.files.get(channelsPath("other")) ?? new Uint8Array());
    expect(await failureOf()).toMatchObject({
      code: "integrity",
      message: expect.stringContaining("channel document of other"),
    });
  });

  test("it lacks the channel; the message says which it has and how to add one", async () => {
    const { code, message } = await failureOf(select({ channel: "canary" }));
    expect(code).toBe("channel-missing");
    expect(message).toContain("it has: stable");
    expect(message).toContain("selvedge promote tiny@VERSION --channel canary");
  });

  test("a channel that every object inherits is missing too", async () => {
    expect(await failureOf(select({ channel: "constructor" }))).toMatchObject({
      code: "channel-missing",
    });
  });
});

describe("what is wrong with the manifest is said:", () => {
  test.each<[what: string, code: string, text: (right: string) => string]>([
    ["a newer format", "manifest-unsupported", (text) => text.replace("pack/1", "pack/2")],
    ["a missing field", "manifest-invalid", (text) => text.replace('"license":', '"licence":')],
    ["a web page", "manifest-invalid", () => "<!doctype html>"],
    ["half of it", "manifest-invalid", (text) => text.slice(0, text.length / 2)],
    ["another model's", "integrity", (text) => text.replace('"tiny"', '"other"')],
    ["another version's", "integrity", (text) => text.replace('"1.0.0"', '"2.0.0"')],
  ])("%s is `%s`, also where no digest is known", async (_what, code, text) => {
    registry.write(MANIFEST, text(pack.text));
    const error = await failureOf(select({ version: "1.0.0" }));
    expect(error.code).toBe(code);
    expect(error.message).toContain("manifest of tiny@1.0.0");
  });

  test("one that is not what the channel names is asked for again, past the cache", async () => {
    let answers = 0;
    registry.intercept = ({ path }) =>
      path === MANIFEST && answers++ === 0 ? new Response("stale") : undefined;
    expect((await resolve()).digest).toBe(pack.digest);
    expect(registry.requests.slice(1).map(({ cache }) => cache)).toEqual(["default", "reload"]);
  });

  test("one that stays so is `integrity`, with both digests", async () => {
    registry.write(MANIFEST, pack.text.replace('"memoryBytes":0', '"memoryBytes":1'));
    const { code, message } = await failureOf();
    expect(code).toBe("integrity");
    expect(message).toContain(`channel stable names ${pack.digest}`);
  });

  test("megabytes of it are refused", async () => {
    registry.write(MANIFEST, " ".repeat(5_000_000));
    expect(await failureOf(select({ version: "1.0.0" }))).toMatchObject({
      code: "response-invalid",
      message: expect.stringContaining(REGISTRY + MANIFEST),
    });
  });

  test("a version that is not there is `not-found`, and names the address", async () => {
    expect(await failureOf(select({ version: "9.0.0" }))).toMatchObject({
      code: "not-found",
      detail: { status: 404, url: REGISTRY + manifestPath("tiny", "9.0.0") },
    });
  });
});

function answerAll(status: number): void {
  registry.intercept = () => new Response("", { status });
}

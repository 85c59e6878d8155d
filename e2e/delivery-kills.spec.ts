import { asksBeforeActivation, expect, KEEPER, test, type Visitor } from "./fixtures/delivery.ts";
import { fails, holdsAt, isReplacedBy, isSlow } from "./fixtures/host/faults.ts";
import type { MisbehavingHost } from "./fixtures/host/misbehaving-host.ts";

const CHANNELS = /channels\.json$/;
const MANIFEST = /manifest\.json$/;
const SEGMENTS = /\/segments\//;
const MODELS = /^\/models\//;

const MB = 1024 * 1024;

/** How often a tab is killed in all; `npm run soak` asks for every step of either kind of install. */
const KILLS = Number(process.env["SELVEDGE_KILLS"] ?? 4);

/** Lets an install come as far as this. @returns when it has, and what it said to have stored by then */
type Step = (host: MisbehavingHost, visitor: Visitor) => Promise<number>;

const asking =
  (path: RegExp): Step =>
  async (host) => {
    const { fault, reached } = holdsAt(-1);
    host.misbehave(path, fault);
    await reached;
    return 0;
  };

const receiving =
  (bytes: number): Step =>
  async (host, visitor) => {
    host.misbehave(SEGMENTS, isSlow(3 * MB));
    await expect.poll(() => host.sentOf(SEGMENTS)).toBeGreaterThanOrEqual(bytes);
    return await visitor.loaded();
  };

/** What an install goes through, and how the tab ends there. */
const STEPS = [
  ["the channel document is asked for", "closed", asking(CHANNELS)],
  ["the manifest is asked for", "crashed", asking(MANIFEST)],
  ["model bytes are asked for", "closed", asking(SEGMENTS)],
  ["one piece has come", "closed", receiving(1.2 * MB)],
  ["two pieces have come", "crashed", receiving(2 * MB)],
  ["it is about to become active", "closed", asking(/\/step\/before$/)],
  ["it is becoming active", "crashed", asking(/\/step\/during$/)],
  ["it has just become active", "closed", asking(/\/step\/after$/)],
] as const;

/** As many of the steps as are asked for, spread over all of them. */
const isMeant = (_: unknown, i: number) =>
  Math.floor(((i + 1) * KILLS) / CASES) > Math.floor((i * KILLS) / CASES);
const CASES = 2 * STEPS.length;

test.beforeEach(({ host }) => host.misbehave(KEEPER, asksBeforeActivation));

for (const [what, end, step] of STEPS.filter((_, i) => isMeant(_, 2 * i)))
  test(`a first install whose tab is ${end} when ${what} goes on from there`, async ({
    host,
    visitor,
    registry: { manifests },
  }) => {
    const coming = step(host, visitor);
    await visitor.stay();
    const loaded = await coming;
    await visitor.kill(end);
    host.behave();
    host.seen.length = 0;
    await visitor.openTab();
    expect(await visitor.load()).toEqual({ served: "1.0.0" });
    const modelBytes = manifests["1.0.0"].segments[0]?.bytes ?? 0;
    expect(host.sentOf(SEGMENTS)).toBeLessThanOrEqual(modelBytes - loaded + MB);
  });

for (const [what, end, step] of STEPS.filter((_, i) => isMeant(_, 2 * i + 1)))
  test(`an update whose tab is ${end} when ${what} leaves the old version or the new one`, async ({
    host,
    visitor,
    registry: { channels },
  }) => {
    expect(await visitor.load()).toEqual({ served: "1.0.0" });
    host.misbehave(CHANNELS, isReplacedBy(channels["2.0.0"]));
    host.seen.length = 0;
    const coming = step(host, visitor);
    await visitor.stay();
    await coming;
    await visitor.kill(end);
    host.behave();
    host.misbehave(MODELS, fails(503));
    await visitor.openTab();
    expect(["1.0.0", "2.0.0"]).toContain((await visitor.load()).served);
    host.behave();
    host.misbehave(CHANNELS, isReplacedBy(channels["2.0.0"]));
    await visitor.openTab();
    expect(await visitor.load({ until: "2.0.0" })).toEqual({ served: "2.0.0" });
  });

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { segmentPath } from "@selvedge/protocol";
import { expect, hurries, KEEPER, startHost, test, Visitor } from "./fixtures/delivery.ts";
import {
  both,
  closesAt,
  type Fault,
  fails,
  flips,
  gzips,
  ignoresRange,
  isDated,
  isReplacedBy,
  isSlow,
  isWebPage,
  misstatesLength,
  misstatesRange,
  redirects,
  resetsAt,
  shiftsRange,
  shortens,
  stallsAt,
} from "./fixtures/host/faults.ts";
import type { MisbehavingHost } from "./fixtures/host/misbehaving-host.ts";
import { NOISY } from "./fixtures/noisy-model.ts";

const MODELS = /^\/models\//;
const SEGMENTS = /^\/models\/.*\/segments\//;
const CHANNELS = /^\/models\/.*channels\.json$/;
const MANIFEST = /^\/models\/.*manifest\.json$/;

const YEAR_MS = 365 * 24 * 3600_000;

let host: MisbehavingHost;
/** Someone who stays on one page, with one handle, through all of it. */
let visitor: Visitor;
let segment: Buffer;
let modelBytes: number;

test.beforeAll(async ({ browser, registry: { folder, manifests, ...registry } }) => {
  host = await startHost({ folder, manifests, ...registry });
  // Nobody wants to wait for a host that says nothing, least of all five times.
  host.misbehave(KEEPER, hurries(30));
  visitor = await Visitor.arrive(browser, host);
  const [{ sha256, bytes } = { sha256: "", bytes: 0 }] = manifests["1.0.0"].segments;
  segment = await readFile(join(folder, segmentPath(NOISY, sha256)));
  modelBytes = bytes;
  // The first load starts the keeper, and compiles the runtime for all that follow.
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
});

test.beforeEach(async () => {
  host.behave();
  await visitor.forget();
  host.seen.length = 0;
});

test.afterAll(async () => {
  await visitor.leave();
  await host.close();
});

const onlyOnce = { times: 1 };
const MIRROR: Fault = (answer, asked) =>
  redirects(asked.path.replace("/models/", "/mirror/"))(answer, asked);
const whole: Fault = (answer, asked) => ignoresRange(segment)(answer, asked);
const shifted: Fault = (answer, asked) => shiftsRange(segment, 7)(answer, asked);

for (const [what, path, fault, rule] of [
  ["a 503 for the channel document", CHANNELS, fails(503), onlyOnce],
  ["a 500 for the manifest", MANIFEST, fails(500), onlyOnce],
  ["a 502 for model bytes, three times", SEGMENTS, fails(502), { times: 3 }],
  ["a 429 that asks for two seconds", SEGMENTS, fails(429, { "Retry-After": "2" }), onlyOnce],
  ["a 503 that asks to come back at a time", SEGMENTS, comeBackAt(2000), onlyOnce],
  ["no answer at all for a while", SEGMENTS, stallsAt(-1), onlyOnce],
  ["a body that stops in the middle", SEGMENTS, stallsAt(1_300_000), onlyOnce],
  ["a connection that breaks in the middle", SEGMENTS, resetsAt(700_001), onlyOnce],
  ["a body that ends early", SEGMENTS, closesAt(1_500_000), onlyOnce],
  ["a body that ends early and says that it is whole", SEGMENTS, shortens(100_000), onlyOnce],
  ["a range that says that it is another", SEGMENTS, misstatesRange, onlyOnce],
  ["other bytes than the range that was asked for", SEGMENTS, shifted, onlyOnce],
  ["a login page in place of model bytes", SEGMENTS, isWebPage, onlyOnce],
  ["flipped bits in two pieces", SEGMENTS, flips(5, 3_000_000), onlyOnce],
] as const)
  test(`${what}: the load succeeds after another try`, async () => {
    host.misbehave(path, fault, rule);
    expect(await visitor.load()).toEqual({ served: "1.0.0" });
  });

for (const [what, fault] of [
  ["no ranges", whole],
  ["gzip on the fly", both(whole, gzips)],
  ["redirects", MIRROR],
  ["a slow link", isSlow(4_000_000)],
  ["a clock that is ten years fast", isDated(10 * YEAR_MS)],
  ["a clock that is ten years slow", isDated(-10 * YEAR_MS)],
] as const)
  test(`a host with ${what} serves a model as any other does`, async () => {
    host.misbehave(SEGMENTS, fault);
    expect(await visitor.load()).toEqual({ served: "1.0.0" });
  });

for (const [what, code, path, fault] of [
  ["errors", "response-invalid", MODELS, fails(503)],
  ["no such model", "not-found", MODELS, fails(404)],
  ["no permission for model bytes", "response-invalid", SEGMENTS, fails(403)],
  ["pages in place of channel documents", "response-invalid", CHANNELS, isWebPage],
  ["pages in place of manifests", "response-invalid", MANIFEST, isWebPage],
  ["pages in place of model bytes", "response-invalid", SEGMENTS, isWebPage],
  ["a captive portal before it", "response-invalid", MODELS, redirects("/bare/")],
  ["a flipped bit in a piece", "integrity", SEGMENTS, flips(3_000_000)],
  ["another range than it was asked for", "integrity", SEGMENTS, shifted],
  ["another file by now", "integrity", SEGMENTS, isReplacedBy(Buffer.alloc(7_000_000))],
  ["connections that break at once", "network", SEGMENTS, resetsAt(0)],
  ["bodies that are cut short", "network", SEGMENTS, shortens(1000)],
  ["the wrong length", "network", SEGMENTS, misstatesLength(-1000)],
  ["silence", "network", SEGMENTS, stallsAt(-1)],
] as const)
  test(`a host with ${what} is ${code}, until it has not: no reload, and nothing twice`, async () => {
    host.misbehave(path, fault);
    expect(await visitor.load()).toMatchObject({ code });
    const kept = await visitor.page.evaluate(() => globalThis.selvedge.cache.estimate());
    host.behave();
    host.seen.length = 0;
    expect(await visitor.load()).toEqual({ served: "1.0.0" });
    expect(host.sentOf(SEGMENTS)).toBe(modelBytes - kept.models);
  });

/** A 503 that names a moment, of a host whose clock is wrong. */
function comeBackAt(inMs: number): Fault {
  return (answer, asked) => {
    const now = Date.now() - YEAR_MS;
    const until = { "Retry-After": new Date(now + inMs).toUTCString() };
    return isDated(-YEAR_MS)(fails(503, until)(answer, asked), asked);
  };
}

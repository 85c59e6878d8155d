import { afterEach, beforeEach, expect, test } from "vitest";
import { openModel } from "./open.ts";
import { failed, SHIPPED_ENGINE, ShippedPage, WANTED } from "./shipped-page.fixture.ts";
import { storedHint, wakeHint } from "./wake-hint.ts";

let page: ShippedPage;

beforeEach(() => {
  page = new ShippedPage();
});

afterEach(() => page.end());

test("a pack that comes with an image is woken from it, and not installed yet", async () => {
  const { host, keeper } = page.rooms();
  const first = await openModel({ host, keeper }, WANTED, {});
  expect(first.isShipped).toBe(true);
  expect(first.installed).toMatchObject({
    bytes: 1340,
    fetchedBytes: 1340,
    resolveMs: 5,
    storage: { kind: "memory" },
  });
  expect(host.start).toMatchObject({ step: "run", code: "woken", reason: "by image" });
  const asked = ["fetch 4", "offer", "open by image run first", "open by selector run first"];
  await expect.poll(() => page.said.toSorted()).toEqual([...asked, "start patiently"]);
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
  const { host, keeper } = page.rooms(own);
  const first = await openModel({ host, keeper }, WANTED, {});
  expect(first.isShipped).toBeUndefined();
  expect(host.start).toMatchObject({ step: "none", code });
  expect(host.start.reason).toMatch(why);
  const asked = ["install", "open by digest none", "start patiently"];
  await expect.poll(() => page.said).toEqual(expect.arrayContaining(asked));
  expect(page.saidOf("start")).toHaveLength(1);
  // The store has it from then on.
  expect(storedHint.isNoted(WANTED.name)).toBe(true);
});

test("one that does not hold is followed by an engine that loads, in another worker", async () => {
  const wrong = failed("session-failed", "not its golden answers", { isBroken: true });
  const engine = `open: (session, request, how) =>
    request.by === "image" ? (${wrong}) : ({ ${SHIPPED_ENGINE} }).open(session, request, how),`;
  const { host, keeper } = page.rooms({ engine });
  const first = await openModel({ host, keeper }, WANTED, {});
  expect(first.isShipped).toBeUndefined();
  expect(host.start).toMatchObject({ step: "none", code: "failed" });
  expect(host.start.reason).toContain("not its golden answers");
  await expect.poll(() => page.saidOf("start")).toHaveLength(2);
  await expect.poll(() => page.said).toContain("start at once");
});

test("what the keeper refuses of the pack itself, it refuses of loading too", async () => {
  const keeper = `offer: () => (${failed("signature-invalid", "signed by a stranger")}),`;
  const opening = openModel(page.rooms({ keeper }), WANTED, {});
  await expect(opening).rejects.toMatchObject({ code: "signature-invalid" });
  expect(page.said).not.toContain("install");
});

async function expectUsual(opening: ReturnType<ShippedPage["rooms"]>): Promise<void> {
  const first = await openModel(opening, WANTED, {});
  expect(first.isShipped).toBeUndefined();
  const asked = ["install", "open by digest none", "start at once"];
  await expect.poll(() => page.said).toEqual(expect.arrayContaining(asked));
  expect(page.said).not.toContain("offer");
}

test("nothing waits, and nothing is asked for, on a page without keys", () =>
  expectUsual(page.rooms({}, { trust: undefined })));

test("nor where the store is known to have the model", async () => {
  storedHint.note(WANTED.name);
  await expectUsual(page.rooms());
});

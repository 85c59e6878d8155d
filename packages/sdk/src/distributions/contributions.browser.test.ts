import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Database } from "../store/database.ts";
import { Database as Store } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { Contributions } from "./contributions.ts";
import { HOUR_MS, MOST_AN_HOUR } from "./hourly-sample.ts";

const NOW = Date.UTC(2026, 10, 22, 9, 30);
const DAY_MS = 24 * HOUR_MS;

let database: Database;
let contributions: Contributions;

beforeEach(async () => {
  database = await freshDatabase();
  contributions = new Contributions(database, "utc");
});

afterEach(async () => {
  vi.restoreAllMocks();
  await database.close();
});

const contributorAt = async (at: number, digest = "a") =>
  (await contributions.claim(digest, at))?.contributor;

describe("renewed at midnight", () => {
  test("one id holds until then, and only its first prediction is the first", async () => {
    const first = await contributions.claim("a", NOW);
    expect(first).toEqual({ contributor: expect.stringMatching(/^[0-9a-f]{32}$/), isFirst: true });
    const last = NOW + 14.5 * HOUR_MS - 1;
    expect(await contributions.claim("a", last)).toEqual({ ...first, isFirst: false });
    const next = await contributions.claim("a", last + 1);
    expect(next).toMatchObject({ isFirst: true });
    expect(next?.contributor).not.toBe(first?.contributor);
  });
});

describe("renewed by a day of their own", () => {
  beforeEach(() => {
    contributions = new Contributions(database, "own");
  });

  test("ids live for 24 hours from their first prediction", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    const first = await contributorAt(NOW);
    expect(await contributorAt(NOW + 20 * HOUR_MS)).toBe(first);
    const next = await contributorAt(NOW + DAY_MS);
    expect(next).not.toBe(first);
    expect(await contributorAt(NOW + 2 * DAY_MS - 1)).toBe(next);
    expect(await contributorAt(NOW + 2 * DAY_MS)).not.toBe(next);
  });

  test("the very first lives shorter, at random: days do not begin where a device was first used", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.25);
    const first = await contributorAt(NOW);
    expect(await contributorAt(NOW + 6 * HOUR_MS - 1)).toBe(first);
    expect(await contributorAt(NOW + 6 * HOUR_MS)).not.toBe(first);
  });
});

test("packs have ids of their own, so that who uses both cannot be told", async () => {
  expect(await contributorAt(NOW, "a")).not.toBe(await contributorAt(NOW, "b"));
});

test("an hour has its share in all tabs together, and the next hour has another", async () => {
  const tabs = [contributions, new Contributions(new Store(), "utc")];
  const claims = await Promise.all(
    Array.from({ length: 20 }, (_, i) => tabs[i % 2]?.claim("a", NOW + i)),
  );
  expect(claims.filter((claim) => claim !== undefined)).toHaveLength(MOST_AN_HOUR);
  expect(new Set(claims.map((claim) => claim?.contributor)).size).toBe(2);
  expect(await contributions.claim("a", NOW + HOUR_MS)).toBeDefined();
});

test("a clock that was set back gives no id a longer life", async () => {
  const first = await contributorAt(NOW);
  expect(await contributorAt(NOW - 3 * DAY_MS)).not.toBe(first);
});

test("who erases what telemetry remembers is another contributor", async () => {
  const first = await contributorAt(NOW);
  await database.use("erasing", (connection) => connection.clear("telemetry"));
  expect(await contributorAt(NOW + 1)).not.toBe(first);
});

describe("what is stored and none of ours", () => {
  test.each([
    ["a text", "x"],
    ["a list", [1]],
    ["an id that would tell", { a: { contributor: "ada@example.org", until: NOW + 1, hours: {} } }],
    [
      "an id that lives for years",
      { a: { contributor: "0".repeat(32), until: NOW * 2, hours: {} } },
    ],
    [
      "hours that are none",
      { a: { contributor: "0".repeat(32), until: NOW + 1, hours: { 1: "x" } } },
    ],
  ])("is not believed: %s", async (_, stored) => {
    await database.use("damaging", (connection) =>
      connection.put("telemetry", stored, "distributions"),
    );
    const claim = await contributions.claim("a", NOW);
    expect(claim).toMatchObject({ isFirst: true });
    expect(["ada@example.org", "0".repeat(32)]).not.toContain(claim?.contributor);
  });
});

test("where IndexedDB is refused, an id lives as long as the page, or until it is forgotten", async () => {
  vi.spyOn(indexedDB, "open").mockImplementation(() => {
    throw new DOMException("refused", "SecurityError");
  });
  contributions = new Contributions(new Store(), "utc");
  const first = await contributorAt(NOW);
  expect(first).toBeDefined();
  expect(await contributorAt(NOW + 1)).toBe(first);
  contributions.forget();
  expect(await contributorAt(NOW + 2)).not.toBe(first);
});

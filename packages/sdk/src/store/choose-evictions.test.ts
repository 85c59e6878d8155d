import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseEvictions, type Holding, type Kept, type Stock } from "./choose-evictions.ts";

const nothingKept: Kept = { packs: new Set(), isKept: () => false };

function pack(digest: string, usedAt: number, pieces: readonly string[], isSuperseded = false) {
  return { digest, usedAt, pieces, isSuperseded };
}

/** A stock in which every piece takes ten bytes. */
function stockOf(packs: readonly Holding[], orphans: readonly string[] = []): Stock {
  const ids = [...packs.flatMap(({ pieces }) => pieces), ...orphans];
  return { images: [], packs, pieces: new Map(ids.map((id) => [id, 10])) };
}

const evict = (stock: Stock, short: number, kept = nothingKept) => {
  const { packs, freed } = chooseEvictions(stock, short, kept);
  return { packs: [...packs], freed };
};

test("what no pack needs goes first, and where that is enough no pack goes", () => {
  const stock = stockOf([pack("a", 1, ["a/0"])], ["left/0", "left/1"]);
  expect(evict(stock, 15)).toEqual({ packs: [], freed: 20 });
});

test("images go before any pack does, those used longest ago first, whoever uses their packs", () => {
  const image = (key: string, usedAt: number) => ({ key, pack: "a", bytes: 25, usedAt });
  const stock = { ...stockOf([pack("a", 1, ["a/0"])]), images: [image("new", 9), image("old", 2)] };
  const kept = { packs: new Set(["a"]), isKept: () => true };
  const chosen = (short: number) => {
    const { images, packs, freed } = chooseEvictions(stock, short, kept);
    return [[...images], [...packs], freed];
  };
  expect(chosen(25)).toEqual([["old"], [], 25]);
  expect(chosen(1000)).toEqual([["old", "new"], [], 50]);
});

test("superseded versions go before others, and of each those used longest ago", () => {
  const stock = stockOf([
    pack("new", 9, ["n/0"]),
    pack("old", 3, ["o/0"]),
    pack("older", 1, ["p/0"]),
    pack("superseded", 7, ["s/0"], true),
  ]);
  expect(evict(stock, 5).packs).toEqual(["superseded"]);
  expect(evict(stock, 20).packs).toEqual(["superseded", "older"]);
  expect(evict(stock, 30).packs).toEqual(["superseded", "older", "old"]);
});

test("what is kept never goes, however little room there is", () => {
  const stock = stockOf([pack("used", 1, ["u/0"]), pack("free", 2, ["f/0"])], ["half/0"]);
  const kept = { packs: new Set(["used"]), isKept: (id: string) => id === "half/0" };
  expect(evict(stock, 1000, kept)).toEqual({ packs: ["free"], freed: 10 });
});

test("a piece that two packs share is free when both are gone", () => {
  const stock = stockOf([pack("a", 1, ["s/0", "a/0"]), pack("b", 2, ["s/0", "b/0"])]);
  expect(evict(stock, 10)).toEqual({ packs: ["a"], freed: 10 });
  expect(evict(stock, 11)).toEqual({ packs: ["a", "b"], freed: 30 });
});

const stocks = fc
  .array(
    fc.record({
      usedAt: fc.nat(100),
      isSuperseded: fc.boolean(),
      pieces: fc.uniqueArray(fc.constantFrom<string>("p/0", "p/1", "q/0", "r/0", "r/1", "s/0")),
    }),
    { maxLength: 6 },
  )
  .map((packs) => packs.map((each, i) => ({ ...each, digest: `pack ${i}` })));

test("what is said to come free is what no remaining pack needs, and nothing that is kept", () => {
  fc.assert(
    fc.property(
      stocks,
      fc.uniqueArray(fc.constantFrom<string>("q/0", "orphan/0")),
      fc.uniqueArray(fc.constantFrom<string>("pack 0", "pack 1")),
      fc.nat(80),
      (packs, keptPieces, keptPacks, short) => {
        const stock = stockOf(packs, ["orphan/0", "orphan/1"]);
        const kept = {
          packs: new Set(keptPacks),
          isKept: (id: string) => keptPieces.some((piece) => piece === id),
        };
        const { packs: gone, freed } = chooseEvictions(stock, short, kept);
        const remaining = packs.filter(({ digest }) => !gone.has(digest));
        const needed = new Set(remaining.flatMap(({ pieces }) => pieces));
        const free = [...stock.pieces.keys()].filter((id) => !needed.has(id) && !kept.isKept(id));
        expect(freed).toBe(free.length * 10);
        expect(keptPacks.filter((digest) => gone.has(digest))).toEqual([]);
        const evictable = packs.filter(({ digest }) => !kept.packs.has(digest));
        if (freed < short) expect(gone.size).toBe(evictable.length);
      },
    ),
  );
});

import {
  channelsPath,
  manifestPath,
  PIECE_BYTES,
  pieceRange,
  SelvedgeError,
} from "@selvedge/protocol";
import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from "vitest";
import { openPack } from "../engine/open-pack.ts";
import { activationKey } from "../store/activations.ts";
import {
  damageBytes,
  damageRecord,
  damageText,
  foreignTo,
  pick,
  seededRandom,
} from "../store/damage.fixture.ts";
import type { Database, PieceKey } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, firstVariant, noise } from "../store/pack.fixture.ts";
import { neededBlobs } from "../store/packs.ts";
import { pieceKeys, readBlobs } from "../store/pieces.ts";
import {
  recordOf,
  replaceRecord,
  restoreSnapshot,
  type Snapshot,
  takeSnapshot,
} from "../store/snapshot.fixture.ts";
import { install } from "./install.ts";
import { planDelivery } from "./plan-delivery.ts";
import { FakeRegistry, type SeenRequest, select } from "./registry.fixture.ts";
import { roomsOf } from "./rooms.fixture.ts";

declare module "vitest" {
  interface ProvidedContext {
    fuzzCases: number;
  }
}

/** How many single mutations are made of each kind; `npm run soak` asks for more. */
const CASES = Math.ceil(inject("fuzzCases") / 8);

/** Where the first one starts from; a failing case is the same in a run of any length. */
const SEED = 1;

const LARGE = noise(PIECE_BYTES + 40_000, 1);
const SMALL = noise(5000, 2);
const LABELS = new TextEncoder().encode("a\nb\nc");
const GOLDEN: [Uint8Array, Uint8Array] = [noise(16, 3), noise(16, 4)];
const nudged = (bytes: Uint8Array) => bytes.map((byte, i) => byte + (i % 7 === 0 ? 1 : 0));

const SELECTOR = select();
const { signal } = new AbortController();

let database: Database;
let registry: FakeRegistry;
/** Two versions of one model, the newer with deltas from the older, and another model. */
let older: BuiltPack;
let newer: BuiltPack;
let other: BuiltPack;
/** What the store holds of each: every record as it should be. */
let held: Record<"nothing" | "old" | "both", Snapshot>;

beforeAll(async () => {
  database = await freshDatabase();
  const rest = { attachments: { "labels.txt": LABELS }, golden: GOLDEN };
  older = await buildPack({ tensors: [LARGE, SMALL], ...rest });
  newer = await buildPack({
    version: "2.0.0",
    tensors: [LARGE, SMALL].map(nudged),
    bases: [LARGE, SMALL],
    ...rest,
  });
  other = await buildPack({ name: "other", tensors: [noise(3000, 5)], ...rest });
  registry = new FakeRegistry([older, other]);
  vi.stubGlobal("fetch", registry.fetch);
  const nothing = await takeSnapshot(database);
  await installIt();
  await installIt("other");
  const old = await takeSnapshot(database);
  registry.publish(newer);
  await installIt();
  held = { nothing, old, both: await takeSnapshot(database) };
});

// A test that failed may have left a damaged piece.
beforeEach(() => restoreSnapshot(database, held.nothing));

afterAll(() => {
  vi.unstubAllGlobals();
});

const installIt = (name = "tiny") =>
  install(roomsOf(database), select({ name }), { signal, onProgress: () => undefined });

/** Runs one case after the other, each from a number of its own, and says which one failed. */
async function forEachCase(run: (random: () => number, note: Note) => Promise<void>) {
  for (let index = 0; index < CASES; index++) {
    const notes: string[] = [];
    try {
      await run(seededRandom(SEED + index * 7919), (what) => notes.push(what));
    } catch (cause) {
      throw new Error(`seed ${SEED}, case ${index}: ${notes.join("; ")}`, { cause });
    } finally {
      registry.intercept = () => undefined;
    }
  }
}
type Note = (what: string) => unknown;
const options = { timeout: 30_000 + CASES * 500 };

test(
  `${CASES} damaged pieces are caught as they are read, and they alone are fetched again`,
  options,
  () =>
    forEachCase(async (random, note) => {
      await restoreSnapshot(database, held.both);
      const { blob, key, right } = pick(random, piecesOf(newer));
      note(`piece ${key[1]} of ${blob}`);
      await replaceRecord(database, "pieces", [key, damagedPiece(right, random, note)]);
      expect(await read()).toBe("storage-damaged");
      const { fetchedBytes } = await installIt();
      expect(fetchedBytes).toBeGreaterThan(0);
      // A delta from the older version may be shorter than the piece.
      expect(fetchedBytes).toBeLessThanOrEqual(right.byteLength);
      expect(await read()).toBe("right");
    }),
);

test(`${CASES} damaged records of packs and manifests cost no model byte`, options, () =>
  forEachCase(async (random, note) => {
    await restoreSnapshot(database, held.both);
    const right = recordOf(held.both, "packs", newer.digest);
    const { record, what } = pick(random, [
      () => damageRecord(right, random),
      () => damagedManifest(right, random),
      () => ({
        record: { ...recordOf(held.both, "packs", other.digest), digest: newer.digest },
        what: "another model's",
      }),
      () => ({
        record: { ...recordOf(held.both, "packs", older.digest), digest: newer.digest },
        what: "another version's",
      }),
    ])();
    note(what);
    // A record that has lost its key is one that is gone.
    const isThere = "digest" in record && typeof record.digest === "string";
    await replaceRecord(database, "packs", [newer.digest, isThere ? record : undefined]);
    await expectMended();
  }),
);

test(`${CASES} damaged activations lead to the right model, and cost no model byte`, options, () =>
  forEachCase(async (random, note) => {
    await restoreSnapshot(database, held.both);
    const right = recordOf(held.both, "activations", activationKey(SELECTOR));
    const { record, what } = pick<() => { record: unknown; what: string }>(random, [
      () => damageRecord(right, random),
      () => damageRecord(right, random),
      () => ({ record: foreignTo(right, random), what: "another type" }),
      () => ({
        record: recordOf(held.both, "activations", activationKey(select({ name: "other" }))),
        what: "another model's",
      }),
      () => ({
        record: recordOf(held.old, "activations", activationKey(SELECTOR)),
        what: "the older one",
      }),
    ])();
    note(what);
    await replaceRecord(database, "activations", [activationKey(SELECTOR), record]);
    await expectMended();
  }),
);

test(`${CASES} damaged bases of deltas never lead to another tensor`, options, () =>
  forEachCase(async (random, note) => {
    await restoreSnapshot(database, held.old);
    const bases = piecesOf(older).filter(({ blob }) => blob.startsWith("tensor"));
    const { key, right } = pick(random, [bases[0] ?? impossible(), ...bases.slice(1)]);
    await replaceRecord(database, "pieces", [key, damagedPiece(right, random, note)]);
    await installIt();
    expect(await read()).toBe("right");
    await replaceRecord(database, "pieces", [key, right.buffer]);
  }),
);

test(
  `${CASES} damaged channel documents lead to a version that was published, or to none`,
  options,
  () =>
    forEachCase(async (random, note) => {
      await restoreSnapshot(database, held.old);
      const path = channelsPath("tiny");
      const swapped = registry.files.get(channelsPath("other")) ?? impossible();
      serveDamaged((request) => request.path === path, { random, note, swapped, isText: true });
      await expectNothingLost();
    }),
);

test(`${CASES} damaged manifests are never taken for the one that the channel names`, options, () =>
  forEachCase(async (random, note) => {
    await restoreSnapshot(database, held.old);
    const swapped = new TextEncoder().encode(pick(random, [older, other]).text);
    const path = manifestPath("tiny", "2.0.0");
    serveDamaged((request) => request.path === path, { random, note, swapped, isText: true });
    await expectNothingLost();
  }),
);

test(
  `${CASES} damaged segments of a first install are caught, and what was right is kept`,
  options,
  () =>
    forEachCase(async (random, note) => {
      await restoreSnapshot(database, held.nothing);
      serveDamaged(isSegment, { random, note, swapped: older.segment });
      await expectNothingLost();
    }),
);

test(`${CASES} damaged deltas of an update are caught, and what was right is kept`, options, () =>
  forEachCase(async (random, note) => {
    await restoreSnapshot(database, held.old);
    serveDamaged(isSegment, { random, note, swapped: older.segment });
    await expectNothingLost();
  }),
);

/**
 * Reads all of a model as a page does that opens it, labels and golden answers included.
 *
 * @returns `right` where that came to the bytes of a version that was published; the code of the
 * error where it failed. Anything else fails the test.
 */
async function read(): Promise<string> {
  try {
    const pack = await openPack(database, { by: "selector", selector: SELECTOR });
    if (pack === undefined) return "nothing";
    const { digest, manifest, source } = pack;
    const built = [older, newer].find((one) => one.digest === digest) ?? impossible();
    const files = neededBlobs(manifest, pack.variant).slice(1 + source.tensors.length);
    const buffers = [
      source.graph,
      ...source.tensors.map(({ data }) => data),
      ...(await readBlobs(database, files)),
    ];
    const blobs = neededBlobs(built.manifest, firstVariant(built.manifest));
    expect(buffers).toHaveLength(blobs.length);
    for (const [i, { at }] of blobs.entries())
      expect(isSame(buffers[i], built.segment.subarray(at.offset, at.offset + at.length))).toBe(
        true,
      );
    return "right";
  } catch (error) {
    if (error instanceof SelvedgeError) return error.code;
    throw error;
  }
}

/** What was damaged is no model bytes: the model is right at once, or after one install that fetches none. */
async function expectMended(): Promise<void> {
  expect(["right", "nothing", "storage-damaged"]).toContain(await read());
  expect(await installIt()).toMatchObject({ digest: newer.digest, fetchedBytes: 0 });
  expect(await read()).toBe("right");
}

/**
 * An install from the host as it is succeeds or says what is wrong, and takes away nothing; one from
 * the host as it should be leads to the newest version, and fetches what the first one did not keep.
 */
async function expectNothingLost(): Promise<void> {
  const before = await read();
  await installIt().catch((error: unknown) => expect(error).toBeInstanceOf(SelvedgeError));
  expect([before, "right"]).toContain(await read());
  registry.intercept = () => undefined;
  const { manifest } = newer;
  const plan = await planDelivery(database, { manifest, variant: firstVariant(manifest) });
  expect((await installIt()).fetchedBytes).toBe(plan.bytes);
  expect(await read()).toBe("right");
}

/** Lets the host send something else for a file: the first time, or whenever it is asked. */
function serveDamaged(
  isMeant: (request: SeenRequest) => boolean,
  {
    random,
    note,
    swapped,
    isText = false,
  }: { random: () => number; note: Note; swapped: Uint8Array<ArrayBuffer>; isText?: boolean },
): void {
  const isLasting = random() < 0.5;
  const seed = Math.floor(random() * 2 ** 32);
  let times = 0;
  registry.intercept = (request) => {
    if (!isMeant(request) || (times > 0 && !isLasting)) return undefined;
    times += 1;
    const right = registry.files.get(request.path);
    if (right === undefined) return undefined;
    const again = seededRandom(seed);
    const isSwapped = again() < 0.1;
    const damaged = isSwapped
      ? { bytes: swapped, what: "swapped" }
      : damageOf(right, again, isText);
    note(`${request.path} ${damaged.what}, ${isLasting ? "each time" : "once"}`);
    registry.files.set(request.path, damaged.bytes);
    const answer = registry.answer(request);
    registry.files.set(request.path, right);
    return answer;
  };
}

function damageOf(right: Uint8Array<ArrayBuffer>, random: () => number, isText: boolean) {
  if (!isText || random() < 0.5) return damageBytes(right, random);
  const { text, what } = damageText(new TextDecoder().decode(right), random);
  return { bytes: new TextEncoder().encode(text), what };
}

const isSegment = ({ path }: SeenRequest) => path.includes("/segments/");

/** What may be found in place of a piece: other bytes, another piece's, something else, nothing. */
function damagedPiece(right: Uint8Array<ArrayBuffer>, random: () => number, note: Note): unknown {
  const how = pick(random, [
    "bytes",
    "bytes",
    "bytes",
    "bytes",
    "swapped",
    "foreign",
    "view",
    "blob",
    "gone",
  ]);
  note(how);
  if (how === "swapped") {
    const others = piecesOf(other).filter((piece) => !isSame(piece.right.buffer, right));
    return pick(random, [others[0] ?? impossible(), ...others.slice(1)]).right.buffer;
  }
  if (how === "foreign") return foreignTo(right.buffer, random) ?? null;
  if (how === "view") return right.slice();
  if (how === "blob") return new Blob([right]);
  if (how === "gone") return undefined;
  const { bytes, what } = damageBytes(right, random);
  note(what);
  return bytes.buffer;
}

function damagedManifest(record: object, random: () => number): { record: object; what: string } {
  const { text, what } = damageText(newer.text, random);
  return { record: { ...record, manifest: text }, what: `manifest: ${what}` };
}

/** Every piece of a pack, as it should be. */
function piecesOf({ manifest, segment }: BuiltPack): [StoredPiece, ...StoredPiece[]] {
  const [graph, ...others] = neededBlobs(manifest, firstVariant(manifest)).flatMap((blob, i) =>
    pieceKeys(blob).map((key): StoredPiece => {
      const { start, end } = pieceRange(blob.bytes, key[1]);
      const right = segment.slice(blob.at.offset + start, blob.at.offset + end);
      const isTensor = i > 0 && i <= firstVariant(manifest).tensors.length;
      return { key, right, blob: `${isTensor ? "tensor" : "blob"} ${i}` };
    }),
  );
  return [graph ?? impossible(), ...others];
}
interface StoredPiece {
  readonly key: PieceKey;
  readonly right: Uint8Array<ArrayBuffer>;
  readonly blob: string;
}

function isSame(one: ArrayBuffer | undefined, other: Uint8Array): boolean {
  return one instanceof ArrayBuffer && indexedDB.cmp(one, other) === 0;
}

function impossible(): never {
  throw new Error("the packs of this test are made of more than that");
}

import { PIECE_BYTES, sha256 } from "@selvedge/protocol";
import { describe, expect, it } from "vitest";
import { type LaidSegment, SegmentLayout, segmentChunks } from "./segment-layout.ts";

const NOTHING = new Map();

/** All of a segment's bytes. */
function content(segment: Pick<LaidSegment, "parts" | "bytes"> | undefined): number[] {
  return segment === undefined ? [] : [...segmentChunks(segment)].flatMap((chunk) => [...chunk]);
}

describe("SegmentLayout", () => {
  it("lays new blobs one after another without gaps", async () => {
    const layout = new SegmentLayout(NOTHING);
    const first = await layout.add(new Uint8Array([1, 2, 3]));
    const second = await layout.add(new Uint8Array([4]));
    expect([first.at, second.at]).toEqual([
      { segment: 0, offset: 0, length: 3 },
      { segment: 0, offset: 3, length: 1 },
    ]);
    const [segment, ...more] = await layout.finish();
    expect(more).toEqual([]);
    expect(segment).toMatchObject({ bytes: 4, sha256: await sha256(new Uint8Array([1, 2, 3, 4])) });
  });

  it("holds equal blobs once", async () => {
    const layout = new SegmentLayout(NOTHING);
    const first = await layout.add(new Uint8Array([1, 2]));
    expect(await layout.add(new Uint8Array([1, 2]))).toEqual(first);
    expect(await layout.finish()).toMatchObject([{ bytes: 2 }]);
  });

  it("refers to what is stored, and has no segment for what nothing lies in", async () => {
    const known = new Uint8Array([7, 8]);
    const older = { sha256: "ab".repeat(32), bytes: 100 };
    const stored = new Map([[await sha256(known), { segment: older, offset: 40 }]]);
    const layout = new SegmentLayout(stored);
    expect((await layout.add(known)).at).toEqual({ segment: 0, offset: 40, length: 2 });
    const [segment] = await layout.finish();
    expect(segment).toMatchObject({ ...older, parts: [{ offset: 40 }] });
    expect(content(segment).slice(39, 43)).toEqual([0, 7, 8, 0]);
  });

  it("numbers segments as they are needed, and keeps deltas in one of their own", async () => {
    const known = new Uint8Array([7, 8]);
    const older = { sha256: "ab".repeat(32), bytes: 100 };
    const stored = new Map([[await sha256(known), { segment: older, offset: 40 }]]);
    const layout = new SegmentLayout(stored);
    const places = [
      await layout.add(new Uint8Array([1])),
      await layout.add(new Uint8Array([2]), "deltas"),
      await layout.add(known),
      await layout.add(new Uint8Array([3])),
    ];
    expect(places.map(({ at }) => [at.segment, at.offset])).toEqual([
      [0, 0],
      [1, 0],
      [2, 40],
      [0, 1],
    ]);
    const [first, second] = await layout.finish();
    expect(content(first)).toEqual([1, 3]);
    expect(content(second)).toEqual([2]);
  });

  it("fills with zeros what it does not know of a segment, and reads parts when asked to", () => {
    const reads: number[] = [];
    const part = (offset: number, ...bytes: number[]) => ({
      offset,
      read: () => {
        reads.push(offset);
        return Uint8Array.from(bytes);
      },
    });
    const segment = { bytes: 9, parts: [part(5, 6, 7), part(1, 2, 3), part(2, 3, 4)] };
    expect(reads).toEqual([]);
    expect(content(segment)).toEqual([0, 2, 3, 4, 0, 6, 7, 0, 0]);
    expect(reads).toEqual([1, 2, 5]);
  });

  it("lists the digests of pieces only where there is more than one", async () => {
    const layout = new SegmentLayout(NOTHING);
    const whole = await layout.add(new Uint8Array(PIECE_BYTES));
    const more = await layout.add(new Uint8Array(PIECE_BYTES + 1));
    expect(whole.chunks).toBeUndefined();
    expect(more.chunks).toEqual([whole.sha256, await sha256(new Uint8Array(1))]);
  });
});

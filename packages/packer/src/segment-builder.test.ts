import { PIECE_BYTES, sha256 } from "@selvedge/protocol";
import { describe, expect, it } from "vitest";
import { SegmentBuilder } from "./segment-builder.ts";

describe("SegmentBuilder", () => {
  it("lays blobs one after another without gaps", async () => {
    const builder = new SegmentBuilder();
    const first = await builder.add(new Uint8Array([1, 2, 3]));
    const second = await builder.add(new Uint8Array([4]));
    expect([first.at, second.at]).toEqual([
      { segment: 0, offset: 0, length: 3 },
      { segment: 0, offset: 3, length: 1 },
    ]);
    const { bytes, sha256: digest } = await builder.finish();
    expect(bytes).toEqual(new Uint8Array([1, 2, 3, 4]));
    expect(digest).toBe(await sha256(bytes));
  });

  it("holds equal blobs once", async () => {
    const builder = new SegmentBuilder();
    const first = await builder.add(new Uint8Array([1, 2]));
    expect(await builder.add(new Uint8Array([1, 2]))).toEqual(first);
    expect((await builder.finish()).bytes).toHaveLength(2);
  });

  it("lists the digests of pieces only where there is more than one", async () => {
    const builder = new SegmentBuilder();
    const whole = await builder.add(new Uint8Array(PIECE_BYTES));
    const more = await builder.add(new Uint8Array(PIECE_BYTES + 1));
    expect(whole.chunks).toBeUndefined();
    expect(more.chunks).toEqual([whole.sha256, await sha256(new Uint8Array(1))]);
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import type { WantedPiece } from "./plan.ts";
import { type Job, SegmentQueue } from "./segment-queue.ts";

const piece = (start: number, end: number, blob = "b"): WantedPiece => ({
  key: [blob, start],
  digest: "",
  start,
  end,
});
const segment = (sha256: string) => ({ sha256, bytes: 1000 });
const starts = (job: Job | undefined) => job?.pieces.map(({ start }) => start);

function queueOf(...segments: readonly (readonly WantedPiece[])[]) {
  const dropped: number[] = [];
  const wanted = segments.map((pieces, i) => ({ segment: segment(`s${i}`), pieces }));
  return { dropped, queue: new SegmentQueue(wanted, (bytes) => dropped.push(bytes)) };
}

test("a job is a run without a gap, cut where it has enough", () => {
  const pieces = [0, 10, 20, 30, 40, 70].map((start) => piece(start, start + 10));
  const { queue } = queueOf(pieces);
  const first = queue.take(20);
  expect(starts(first)).toEqual([0, 10]);
  if (first === undefined) return;
  first.segment.hasRange = true;
  // What is left of the run is hardly more than enough, and not worth two requests.
  expect(starts(queue.take(20))).toEqual([20, 30, 40]);
  expect(starts(queue.take(20))).toEqual([70]);
  expect(queue.take(20)).toBeUndefined();
});

test("a segment whose host has not shown that it knows ranges is one request's at a time", () => {
  const { queue } = queueOf([piece(0, 10), piece(50, 60)], [piece(0, 10)]);
  const first = queue.take(100);
  expect(starts(first)).toEqual([0]);
  expect(queue.take(100)?.segment.sha256).toBe("s1");
  expect(queue.take(100)).toBeUndefined();
  if (first === undefined) return;
  first.pieces = [];
  queue.giveBack(first);
  expect(starts(queue.take(100))).toEqual([50]);
});

test("without ranges one job takes all that is wanted of a segment, what came back included", () => {
  const { queue, dropped } = queueOf([piece(0, 10), piece(50, 60), piece(80, 90)]);
  const first = queue.take(100);
  if (first === undefined) throw new Error("there is nothing to take");
  first.segment.hasRange = true;
  const second = queue.take(100);
  if (second === undefined) throw new Error("there is nothing to take");
  second.part = { bytes: new Uint8Array(10), filled: 3 };
  queue.giveBack(second);
  first.segment.hasRange = false;
  queue.takeRest(first);
  expect(starts(first)).toEqual([0, 50, 80]);
  expect(dropped).toEqual([10]);
  expect(queue.take(100)).toBeUndefined();
});

test("what came back unfinished goes on before anything else is begun", () => {
  const { queue } = queueOf([piece(0, 10)], [piece(0, 10), piece(50, 60)], [piece(0, 10)]);
  queue.take(100);
  const second = queue.take(100);
  if (second === undefined) throw new Error("there is nothing to take");
  queue.giveBack(second);
  expect(queue.take(100)).toBe(second);
});

test("however jobs end, every piece is brought once", () => {
  const layout = fc.array(fc.tuple(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 30 })), {
    maxLength: 30,
  });
  const moves = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 4 })), { maxLength: 60 });
  fc.assert(
    fc.property(fc.array(layout, { maxLength: 3 }), moves, (segments, drawn) => {
      const all = segments.map((sizes) => {
        let end = 0;
        return sizes.map(([gap, bytes]) => {
          const start = end + gap;
          end = start + bytes;
          return piece(start, end);
        });
      });
      const { queue } = queueOf(...all);
      const brought: string[] = [];
      const running: Job[] = [];
      const draw = [...drawn, ...Array<[number, number]>(500).fill([0, 4])];
      for (const [which, how] of draw) {
        const taken = queue.take(40);
        if (taken !== undefined) running.push(taken);
        const [job] = running.splice(which % Math.max(1, running.length), 1);
        if (job === undefined) continue;
        if (how === 0) job.segment.hasRange = true;
        if (how === 1) {
          job.segment.hasRange = false;
          queue.takeRest(job);
        }
        const count = how === 4 ? job.pieces.length : how;
        for (const { start } of job.pieces.splice(0, count))
          brought.push(`${job.segment.sha256}/${start}`);
        queue.giveBack(job);
      }
      const wanted = all.flatMap((pieces, i) => pieces.map(({ start }) => `s${i}/${start}`));
      expect(brought.sort()).toEqual(wanted.sort());
    }),
  );
});

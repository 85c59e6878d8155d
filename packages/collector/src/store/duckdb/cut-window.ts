import type { Window } from "../store.ts";

/** A part of a window that one grain answers: rollups of so many milliseconds, or raw rows for 0. */
export interface Cut {
  readonly grainMs: number;
  readonly from: number;
  readonly to: number;
}

/** A grain that a question may be answered at. */
export interface Grain {
  /** 0 for raw rows. */
  readonly ms: number;
  /** What was measured before has been dropped from it. */
  readonly floorMs: number;
}

/**
 * Cuts a window into parts of whole grains: the middle at the coarsest one, the edges at finer ones.
 * Where the finer have been dropped, an edge is widened to a whole grain: nothing is left out.
 *
 * @param grains the coarsest first, raw rows last
 * @param stepMs of a window with steps: a grain has to divide it, or be small beside it
 */
export function cutWindow(
  window: Window & { readonly stepMs?: number },
  grains: readonly Grain[],
): Cut[] {
  // Rows have whole milliseconds.
  const [from, to] = [Math.ceil(window.from), Math.ceil(window.to)];
  const { stepMs } = window;
  const fitting = grains.filter(
    ({ ms }) => ms === 0 || stepMs === undefined || stepMs % ms === 0 || stepMs >= 10 * ms,
  );
  // Where none that fits reaches back far enough, the finest that does has to do.
  const reaches = ({ floorMs }: Grain) => from >= floorMs;
  const finest = grains.findLastIndex(reaches);
  const usable = fitting.some(reaches) ? fitting : grains.slice(Math.max(0, finest));
  const cuts = cutSpan(from, to, usable);
  return cuts.filter((cut) => cut.from < cut.to);
}

function cutSpan(from: number, to: number, grains: readonly Grain[]): Cut[] {
  if (from >= to) return [];
  const [coarsest, ...finer] = grains;
  if (coarsest === undefined) return [];
  const { ms } = coarsest;
  if (ms === 0 || finer.length === 0) return [{ grainMs: ms, from, to }];
  const reaches = (at: number) => finer.some(({ floorMs }) => at >= floorMs);
  const [first, last] = [Math.ceil(from / ms) * ms, Math.floor(to / ms) * ms];
  const begin = reaches(from) ? first : first - (first === from ? 0 : ms);
  const end = reaches(last) ? last : last + (last === to ? 0 : ms);
  if (begin >= end) return cutSpan(from, to, finer);
  return [
    ...cutSpan(from, begin, finer),
    { grainMs: ms, from: begin, to: end },
    ...cutSpan(end, to, finer),
  ];
}

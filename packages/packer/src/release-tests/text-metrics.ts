import { editDistance } from "./edit-distance.ts";
import type { Observation, ReadText } from "./observation.ts";

/**
 * Character error rate: the characters to insert, delete or replace to get from what was read to what
 * was written, over all that was written. Characters are Unicode code points; case counts. Above 1
 * where a model reads much that is not there.
 */
export function characterErrorRate(cases: readonly Observation[]): number {
  return errorRate(cases, (text) => [...text]);
}

/** Word error rate: the same of words, which whitespace parts. */
export function wordErrorRate(cases: readonly Observation[]): number {
  return errorRate(cases, (text) => text.split(/\s+/).filter((word) => word !== ""));
}

/** The share of texts that were read without any error. */
export function exactMatch(cases: readonly Observation[]): number {
  const texts = textsOf(cases);
  return texts.filter(({ read, written }) => read === written).length / texts.length;
}

function errorRate(cases: readonly Observation[], partsOf: (text: string) => string[]): number {
  let [edits, parts] = [0, 0];
  for (const { read, written } of textsOf(cases)) {
    const should = partsOf(written);
    edits += editDistance(partsOf(read), should);
    parts += should.length;
  }
  return edits / parts;
}

function textsOf(cases: readonly Observation[]): ReadText[] {
  return cases.flatMap(({ text }) => (text === undefined ? [] : [text]));
}

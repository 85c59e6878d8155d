import type { Tolerance } from "@selvedge/protocol";
import type { NamedTensor } from "../named-tensor.ts";
import type { OwnTolerances } from "./own-tolerances.ts";

/** An answer, and what the absolute part of a tolerance is multiplied by for it; 1 where absent. */
export interface GoldenAnswer extends NamedTensor {
  readonly scale?: number;
}

/** Inputs and what the model answers to them. */
export interface Golden {
  readonly inputs: readonly NamedTensor[];
  readonly outputs: readonly GoldenAnswer[];
  /**
   * What it is for, where it is not simply typical: a `probe` is measured with and does not travel; an
   * `edge` travels and says nothing of how large errors usually are.
   */
  readonly role?: "probe" | "edge";
}

/** Golden answers, and how far a device's may be from them. */
export interface GoldenSet {
  readonly cases: readonly Golden[];
  /** By backend. */
  readonly tolerance: Readonly<Record<string, Tolerance>>;
  /** By backend, what the tolerance was made from: a share of the largest answer. */
  readonly spread: Readonly<Record<string, number>>;
  /** Tolerances that were given, which come before those that are derived. */
  readonly own: OwnTolerances;
}

/** The cases from which it is told how large answers and errors usually are. */
export function typicalOf(cases: readonly Golden[]): Golden[] {
  return cases.filter(({ role }) => role !== "edge");
}

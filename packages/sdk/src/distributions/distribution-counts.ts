import {
  ATTRIBUTES,
  answerCount,
  answerOf,
  binCount,
  binOf,
  type FeatureValue,
  type Irregularity,
  measurerOf,
  type OtlpBatch,
  type ReferenceFeature,
  randomizeAnswer,
  valueCount,
} from "@selvedge/protocol";
import { rungOf, subjectOf } from "../serving/served.ts";
import { Database } from "../store/database.ts";
import type { AnsweredCall } from "../telemetry/answered-call.ts";
import type { Tensors } from "../tensor.ts";
import { Contributions } from "./contributions.ts";
import { type Contributed, distributionBatch, type FeatureCounts } from "./distribution-batch.ts";

/** What is looked at of a call. */
export type SampledCall = Pick<AnsweredCall, "at" | "served" | "inputs" | "outputs">;

/** One value of a feature. */
interface Observed {
  readonly feature: ReferenceFeature;
  readonly value: FeatureValue;
}

/**
 * Counts one value of each feature of a call, in the reference's bins. Of what a call holds nothing else
 * is kept, and of a value nothing but its bin.
 */
export class DistributionCounts {
  readonly #epsilon: number | undefined;
  readonly #database: Database;
  readonly #contributions: Contributions;
  #gathered = new Map<string, Contributed>();
  /** What was looked at before the latest `forget` is not counted any more. */
  #era = 0;

  constructor({ epsilon }: { epsilon: number | undefined }, database: Database = new Database()) {
    this.#epsilon = epsilon;
    this.#database = database;
    this.#contributions = new Contributions(database, epsilon === undefined ? "utc" : "own");
  }

  /**
   * Looks at a call's outputs at once, as they are the app's from then on, and at its inputs in idle time.
   *
   * @param idle resolves when the page has nothing better to do
   */
  async count(call: SampledCall, idle: () => Promise<void>): Promise<void> {
    const { served, inputs, outputs, at } = call;
    const { reference, digest } = served.opened;
    const features = reference?.features ?? [];
    const told = observe(features, "output", outputs);
    const era = this.#era;
    await idle();
    if (era !== this.#era) return;
    const observed = [...(inputs === undefined ? [] : observe(features, "input", inputs)), ...told];
    if (observed.length === 0) return;
    const claim = await this.#contributions.claim(digest, at);
    if (claim === undefined || era !== this.#era) return;
    // Every answer under one id would tell more than the ε that is declared.
    if (this.#epsilon !== undefined && !claim.isFirst) return;
    const gathered = this.#gatheredFor(call, claim.contributor);
    for (const { feature, value } of observed) this.#add(gathered, feature, value);
  }

  /** Takes what was counted, and begins anew. */
  take(service: string, now: number = Date.now()): OtlpBatch[] {
    const all = [...this.#gathered.values()];
    this.#gathered = new Map();
    return all.map((one) => distributionBatch(one, { service, until: now }));
  }

  /** Drops what was counted, and what is being looked at. */
  forget(): void {
    this.#era++;
    this.#gathered = new Map();
    this.#contributions.forget();
  }

  /** Gives the store back. */
  close(): Promise<void> {
    return this.#database.close();
  }

  #gatheredFor({ served, at }: SampledCall, contributor: string): MutableContributed {
    const { model, version, dtype, backend } = subjectOf(served.opened, rungOf(served));
    const attributes = {
      [ATTRIBUTES.model]: model,
      [ATTRIBUTES.version]: version,
      [ATTRIBUTES.dtype]: dtype,
      [ATTRIBUTES.backend]: backend,
    };
    const key = JSON.stringify([contributor, attributes]);
    const known = this.#gathered.get(key);
    if (known !== undefined) return known as MutableContributed;
    const gathered = {
      attributes,
      contributor,
      epsilon: this.#epsilon,
      since: at,
      features: [],
    };
    this.#gathered.set(key, gathered);
    return gathered;
  }

  #add(gathered: MutableContributed, feature: ReferenceFeature, value: FeatureValue): void {
    const binned = binOf(feature, value);
    const { bin, irregularity } =
      this.#epsilon === undefined ? binned : randomized(feature, binned, this.#epsilon);
    let counted = gathered.features.find((one) => one.feature.name === feature.name);
    if (counted === undefined) {
      counted = { feature, counts: new Array<number>(binCount(feature)).fill(0), irregular: {} };
      gathered.features.push(counted);
    }
    if (bin !== undefined) counted.counts[bin] = (counted.counts[bin] ?? 0) + 1;
    if (irregularity !== undefined)
      counted.irregular[irregularity] = (counted.irregular[irregularity] ?? 0) + 1;
  }
}

interface MutableContributed extends Contributed {
  readonly features: FeatureCounts[];
}

/** One value of each feature, any of those that its tensor has: the same row for all that have rows. */
function observe(
  features: readonly ReferenceFeature[],
  side: "input" | "output",
  tensors: Tensors,
): Observed[] {
  const chance = Math.random();
  return Object.entries(tensors).flatMap(([name, tensor]) => {
    const read = measurerOf(tensor);
    const own = features.filter((feature) => feature.side === side && feature.tensor === name);
    return own.flatMap((feature): Observed[] => {
      const count = valueCount(feature, tensor);
      const index = Math.floor(chance * count);
      return count === 0 ? [] : [{ feature, value: read(feature, index) }];
    });
  });
}

/** Where a value is said to lie, at random in part. */
function randomized(
  feature: ReferenceFeature,
  binned: ReturnType<typeof binOf>,
  epsilon: number,
): { bin: number | undefined; irregularity: Irregularity | undefined } {
  const k = answerCount(feature);
  const answer = randomizeAnswer(answerOf(feature, binned), { k, epsilon, random: twoDraws() });
  const past = answer - binCount(feature);
  if (past < 0) return { bin: answer, irregularity: undefined };
  return { bin: undefined, irregularity: past === 0 ? "missing" : "unseen" };
}

/** What privacy hangs on is not left to `Math.random`, which can be foretold. */
function twoDraws(): [number, number] {
  const [a = 0, b = 0] = crypto.getRandomValues(new Uint32Array(2));
  return [a / 2 ** 32, b / 2 ** 32];
}

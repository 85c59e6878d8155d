import type { OtlpBatch } from "@selvedge/protocol";
import type { Answer } from "./answer.ts";
import { backoffMs } from "./backoff.ts";
import { dropReport } from "./drop-report.ts";
import {
  batchIdOf,
  type Drops,
  itemsOf,
  merged,
  namesContributor,
  resourceOf,
} from "./outbox-record.ts";
import { type Collector, post, postLast } from "./post.ts";

/** One request in this while. */
const PACE_MS = 10_000;

const SIGNALS = ["metrics", "logs", "traces"] as const;

/** Who is told what becomes of batches. */
export interface DeliveryHooks {
  /** Told of each request that was acknowledged. */
  readonly onSend?: ((request: OtlpBatch) => void) | undefined;
  /** Nothing is to be done for these any more. Ids are those of batches. */
  readonly onDone: (ids: readonly string[]) => void;
}

/** What goes into one request. */
type Group = readonly [OtlpBatch, ...OtlpBatch[]];

/**
 * Sends what the store does not take, from memory: at the outbox's pace, and with its regard for what a
 * collector asks. It lasts as long as the page.
 */
export class DirectDelivery {
  readonly #collector: Collector;
  readonly #hooks: DeliveryHooks;
  readonly #ended: AbortSignal;
  /** What was given up while the store could not count it. */
  #drops: Drops = {};
  /** Of requests that were refused as a whole: each is sent by itself, to learn which it was. */
  readonly #doubtful = new Set<string>();
  /** When the next may go, by `performance.now()`, and whether the collector has said so. */
  #wait = { until: Number.NEGATIVE_INFINITY, isAsked: false };
  #failures = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(collector: Collector, hooks: DeliveryHooks, ended: AbortSignal) {
    this.#collector = collector;
    this.#hooks = hooks;
    this.#ended = ended;
  }

  /** Whether the collector has asked to be left alone for now. */
  get isTold(): boolean {
    return this.#wait.isAsked && performance.now() < this.#wait.until;
  }

  /** Counts something as given up. */
  dropped(drops: Drops): void {
    const all = { ...this.#drops };
    for (const [reason, items] of Object.entries(drops))
      if (items > 0) all[reason] = (all[reason] ?? 0) + items;
    this.#drops = all;
  }

  /** Hands over what is to be told as given up. */
  takeDrops(): Drops {
    const drops = this.#drops;
    this.#drops = {};
    return drops;
  }

  /**
   * Sends one request of those that wait, where it is time for one.
   *
   * @param waiting what no store has, whenever it is asked
   * @param isUrgent sends all of them now, but while the collector has asked to wait
   */
  deliver(waiting: () => readonly OtlpBatch[], isUrgent: boolean): Promise<void> {
    this.#turn = this.#turn.then(() => this.#deliver(waiting, isUrgent));
    return this.#turn;
  }

  /** The page goes away: hands these to the browser, which sends them whatever becomes of the page. */
  sendLast(batches: readonly OtlpBatch[]): void {
    if (this.isTold) return;
    for (const group of this.#groupsOf(batches)) {
      const { request, told } = this.#requestOf(group);
      void postLast(this.#collector, request).then((answer) => {
        if (answer.kind === "taken") this.#hooks.onDone(group.map(batchIdOf));
        else this.dropped(told);
      });
    }
  }

  async #deliver(waiting: () => readonly OtlpBatch[], isUrgent: boolean): Promise<void> {
    for (let isNow = isUrgent; this.#isTime(isNow); ) {
      const [group] = this.#groupsOf(waiting());
      if (group === undefined || this.#ended.aborted) return;
      this.#wait = { until: performance.now() + PACE_MS, isAsked: false };
      const { request, told } = this.#requestOf(group);
      const answer = await post(this.#collector, request, this.#ended);
      this.#settle(group, answer, told);
      if (answer.kind === "taken") this.#hooks.onSend?.(request);
      if (answer.kind === "later") isNow = false;
    }
  }

  #isTime(isNow: boolean): boolean {
    return performance.now() >= this.#wait.until || (isNow && !this.#wait.isAsked);
  }

  #settle(group: Group, answer: Answer, told: Drops): void {
    if (answer.kind !== "taken") this.dropped(told);
    if (answer.kind === "later") {
      const ms = backoffMs(this.#failures++, answer.atLeastMs);
      this.#wait = { until: performance.now() + ms, isAsked: answer.isAsked };
      return;
    }
    this.#failures = 0;
    const ids = group.map(batchIdOf);
    if (answer.kind === "refused" && group.length > 1) {
      for (const id of ids) this.#doubtful.add(id);
      return;
    }
    for (const id of ids) this.#doubtful.delete(id);
    if (answer.kind === "taken") this.dropped({ rejected: answer.rejected });
    else this.dropped({ [`refused-${answer.status}`]: itemsOf(group[0]) });
    this.#hooks.onDone(ids);
  }

  /** Of one signal each; what names its contributor goes by itself. */
  #groupsOf(batches: readonly OtlpBatch[]): readonly Group[] {
    const isAlone = (batch: OtlpBatch) =>
      namesContributor(JSON.stringify(batch.body)) || this.#doubtful.has(batchIdOf(batch));
    const alone = batches.filter(isAlone).map((batch): Group => [batch]);
    const together = SIGNALS.flatMap((signal): readonly Group[] => {
      const [first, ...others] = batches.filter((one) => one.signal === signal && !isAlone(one));
      return first === undefined ? [] : [[first, ...others]];
    });
    return [...together, ...alone];
  }

  /** What was given up is told beside figures of the same device. */
  #requestOf([first, ...others]: Group): { request: OtlpBatch; told: Drops } {
    const isTelling = first.signal === "metrics" && !namesContributor(JSON.stringify(first.body));
    const told = isTelling ? this.takeDrops() : {};
    const report =
      Object.keys(told).length === 0 ? [] : [dropReport(told, { resource: resourceOf(first) })];
    return { request: merged([first, ...others, ...report]), told };
  }
}

import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Answers, AskCollector } from "../api.ts";
import { type ApiFault, ApiProblem } from "../api-problem.ts";
import { assignSlots, type Slots } from "../series/assign-slots.ts";
import { busiestFirst } from "../series/prediction-series.ts";
import { windowAt } from "../time-range.ts";
import type { View } from "./view.ts";

/** The last good answers, and what they are answers to. */
export interface Snapshot extends Answers {
  readonly view: View;
  readonly fetchedAt: number;
  readonly slots: Slots;
}

export interface DashboardState {
  readonly view: Signal<View>;
  /** Whether figures are refreshed by themselves. */
  readonly isLive: Signal<boolean>;
  /** The step under the cursor, in every chart at once. */
  readonly cursor: Signal<number | undefined>;
  /** `undefined` until the collector has answered once; kept when it stops answering. */
  readonly snapshot: ReadonlySignal<Snapshot | undefined>;
  /** Why the latest refresh failed; `undefined` when it did not. */
  readonly fault: ReadonlySignal<ApiFault | undefined>;
  readonly isLoading: ReadonlySignal<boolean>;
  /** Asks the collector for the present view, in place of a question still open. Never rejects. */
  refresh(): Promise<void>;
}

export function createDashboardState(options: {
  readonly ask: AskCollector;
  readonly view: View;
  readonly now: () => number;
}): DashboardState {
  const { ask, now } = options;
  const view = signal(options.view);
  const snapshot = signal<Snapshot | undefined>(undefined);
  const fault = signal<ApiFault | undefined>(undefined);
  const isLoading = signal(false);
  const cursor = signal<number | undefined>(undefined);
  let open: AbortController | undefined;

  async function refresh(): Promise<void> {
    open?.abort();
    const mine = new AbortController();
    open = mine;
    const asked = view.peek();
    isLoading.value = true;
    try {
      const window = windowAt(asked.range, now());
      const answers = await ask({ window, model: asked.model }, mine.signal);
      if (mine.signal.aborted) return;
      batch(() => {
        const before = snapshot.peek();
        const slots = assignSlots(before?.slots ?? new Map(), busiestFirst(answers.predictions));
        if (before?.view.range !== asked.range) cursor.value = undefined;
        snapshot.value = { ...answers, view: asked, fetchedAt: now(), slots };
        fault.value = undefined;
      });
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!(error instanceof ApiProblem)) throw error;
      fault.value = error.fault;
    } finally {
      if (open === mine) isLoading.value = false;
    }
  }

  return { view, isLive: signal(true), cursor, snapshot, fault, isLoading, refresh };
}

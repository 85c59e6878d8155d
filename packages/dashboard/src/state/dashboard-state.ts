import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Answers, type AskCollector, isSignInWanted } from "../api.ts";
import { type ApiFault, ApiProblem } from "../api-problem.ts";
import { assignSlots, type Slots } from "../series/assign-slots.ts";
import { busiestFirst, drawnPredictions } from "../series/prediction-series.ts";
import { type TimeWindow, windowAt } from "../time-range.ts";
import { keepAnswers } from "./keep-answers.ts";
import type { ReadToken } from "./read-token.ts";
import type { View } from "./view.ts";

/** The last good answers, and what they are answers to. */
export interface Snapshot extends Answers {
  readonly view: View;
  readonly window: TimeWindow;
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
  readonly token: ReadToken;
  /** Asks the collector for the present view, in place of a question still open. Never rejects. */
  refresh(): Promise<void>;
}

export function createDashboardState(options: {
  readonly ask: AskCollector;
  readonly view: View;
  readonly token: ReadToken;
  readonly now: () => number;
}): DashboardState {
  const { ask, now, token } = options;
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
      const answers = await ask(asked, window, mine.signal);
      if (mine.signal.aborted) return;
      batch(() => {
        const before = snapshot.peek();
        const slots = assignSlots(
          before?.slots ?? new Map(),
          busiestFirst(drawnPredictions(answers)),
        );
        if (before?.view.range !== asked.range) cursor.value = undefined;
        const parts = keepAnswers(before?.view === asked ? before.parts : {}, answers.parts);
        snapshot.value = { ...answers, parts, view: asked, window, fetchedAt: now(), slots };
        fault.value = undefined;
      });
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!(error instanceof ApiProblem)) throw error;
      batch(() => {
        fault.value = error.fault;
        // Who may not read may not go on reading what was there before.
        if (isSignInWanted(error.fault)) snapshot.value = undefined;
      });
    } finally {
      if (open === mine) isLoading.value = false;
    }
  }

  return { view, isLive: signal(true), cursor, snapshot, fault, isLoading, token, refresh };
}

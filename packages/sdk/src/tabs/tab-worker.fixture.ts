import { expose } from "comlink";
import { Database } from "../store/database.ts";
import { LeaseLocks } from "./lease-locks.ts";
import { OwnLocks } from "./own-locks.ts";
import type { TabLocks } from "./tab-locks.ts";
import { WebLocks } from "./web-locks.ts";

/** What a test can have a worker do that stands for a tab. */
export interface TabWorker {
  /** @param id names this run for `abort` and `overtake` */
  run(id: string, key: string, work: () => Promise<unknown>): Promise<unknown>;
  abort(id: string): void;
  overtake(id: string): void;
  hold(id: string, key: string): Promise<void>;
  release(id: string): void;
  held(): Promise<string[]>;
  /** Puts the tab's clock forward, or back. */
  moveClock(milliseconds: number): void;
}

let clockMs = 0;
const now = () => Date.now() + clockMs;

const KINDS: Record<string, () => TabLocks> = {
  web: () => new WebLocks(navigator.locks),
  lease: () => new LeaseLocks(new Database(), now),
  own: () => new OwnLocks(),
};

const locks = KINDS[self.name]?.();
if (locks === undefined) throw new Error(`there are no locks of the kind ${self.name}`);

const aborts = new Map<string, AbortController>();
const overtakes = new Map<string, AbortController>();
const holds = new Map<string, () => void>();

const api: TabWorker = {
  run(id, key, work) {
    const [abort, overtake] = [new AbortController(), new AbortController()];
    aborts.set(id, abort);
    overtakes.set(id, overtake);
    return locks.run(key, work, { signal: abort.signal, overtake: overtake.signal });
  },
  abort: (id) => aborts.get(id)?.abort(),
  overtake: (id) => overtakes.get(id)?.abort(),
  async hold(id, key) {
    holds.set(id, await locks.hold(key));
  },
  release: (id) => holds.get(id)?.(),
  held: async () => [...(await locks.held())],
  moveClock(milliseconds) {
    clockMs += milliseconds;
  },
};

expose(api);

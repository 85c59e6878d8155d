import { proxy, type Remote, wrap } from "comlink";
import type { TabWorker } from "./tab-worker.fixture.ts";

/** The kinds of locks there are. */
export type LockKind = "web" | "lease" | "own";

/** A worker that stands for a tab: it shares locks and IndexedDB with the others of its origin. */
export class Tab {
  readonly #worker: Worker;
  readonly remote: Remote<TabWorker>;

  constructor(kind: LockKind) {
    this.#worker = new Worker(new URL("./tab-worker.fixture.ts", import.meta.url), {
      type: "module",
      name: kind,
    });
    this.remote = wrap<TabWorker>(this.#worker);
  }

  /** Begins to wait for its turn. */
  run(key = "rec"): Run {
    return new Run(this.remote, key);
  }

  /** What is held in any tab, as this one sees it. */
  async held(): Promise<string[]> {
    return (await this.remote.held()).sort();
  }

  /** Ends it as a crash does: nothing it holds is given back. */
  crash(): void {
    this.#worker.terminate();
  }
}

/** Work that waits for its turn in a tab, and then goes on until it is told to end. */
export class Run {
  readonly #remote: Remote<TabWorker>;
  readonly #id = crypto.randomUUID();
  /** Resolves when the turn has come. */
  readonly began: Promise<void>;
  /** What the tab's call comes to. */
  readonly ended: Promise<unknown>;
  hasBegun = false;
  finish: (value?: unknown) => void = () => undefined;
  fail: (error: Error) => void = () => undefined;

  constructor(remote: Remote<TabWorker>, key: string) {
    this.#remote = remote;
    const working = new Promise<unknown>((resolve, reject) => {
      this.finish = resolve;
      this.fail = reject;
    });
    let begin = (): void => undefined;
    this.began = new Promise((resolve) => {
      begin = resolve;
    });
    const work = () => {
      this.hasBegun = true;
      begin();
      return working;
    };
    this.ended = remote.run(this.#id, key, proxy(work));
    // Whoever is interested looks.
    this.ended.catch(() => undefined);
    working.catch(() => undefined);
  }

  /** Resolves when the tab knows. */
  abort(): Promise<void> {
    return this.#remote.abort(this.#id);
  }

  overtake(): Promise<void> {
    return this.#remote.overtake(this.#id);
  }
}

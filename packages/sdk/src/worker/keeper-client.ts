import { transfer } from "comlink";
import type { KeeperApi, KeeperSettings } from "./keeper-api.ts";
import type { Outcome } from "./outcome.ts";
import { WorkerLink } from "./worker-link.ts";

/** What the page does for its keeper. */
interface KeeperHooks {
  /** Asks registries in the keeper's place. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** The page's keeper: started when first needed, and again after it crashed. */
export class KeeperClient {
  readonly #spawn: () => Worker;
  readonly #settings: KeeperSettings;
  readonly #fetch: KeeperHooks["fetch"];
  /** Ends what the page fetches for the link. */
  #fetching = new AbortController();
  #link: WorkerLink<KeeperApi> | undefined;
  #ended: Error | undefined;
  /** What a keeper that takes over from one that crashed has to mark again. */
  readonly #holds = new Set<{ readonly digest: string }>();

  constructor(spawn: () => Worker, { fetch, ...settings }: KeeperSettings & KeeperHooks) {
    this.#spawn = spawn;
    this.#settings = settings;
    this.#fetch = fetch;
  }

  /** Calls the keeper. An abort reaches it, so that it stops fetching. */
  async call<T>(
    invoke: (keeper: WorkerLinkRemote, call: number) => Promise<Outcome<T>>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (this.#ended !== undefined) throw this.#ended;
    const link = this.#connect();
    return link.call(invoke, {
      signal,
      onAbort: (call) => link.tell((keeper) => keeper.cancel(call)),
    });
  }

  /** Marks a pack as used, until the signal fires: no tab evicts it meanwhile. */
  hold(digest: string, until: AbortSignal): void {
    if (until.aborted) return;
    // A pack that cannot be marked still runs.
    void this.call((keeper, call) => keeper.hold(call, digest)).catch(() => undefined);
    const hold = { digest };
    this.#holds.add(hold);
    until.addEventListener("abort", () => {
      this.#holds.delete(hold);
      this.#link?.tell((keeper) => keeper.release(0, digest));
    });
  }

  /** Ends the worker for good; whatever is pending, or called later, rejects with `reason`. */
  end(reason: Error): void {
    this.#ended = reason;
    this.#fetching.abort();
    this.#link?.end(reason);
  }

  #connect(): WorkerLink<KeeperApi> {
    if (this.#link?.isEnded === false) return this.#link;
    const link = new WorkerLink<KeeperApi>(this.#spawn(), "keeper");
    this.#fetching.abort();
    this.#fetching = new AbortController();
    const port = this.#fetch && fetchesFor(this.#fetch, this.#fetching.signal);
    link.tell((keeper) => keeper.start(this.#settings, port && transfer(port, [port])));
    for (const { digest } of this.#holds) link.tell((keeper) => keeper.hold(0, digest));
    this.#link = link;
    return link;
  }
}

/** The keeper's end of a channel over which it asks the page's `fetch`. */
function fetchesFor(fetch: typeof globalThis.fetch, until: AbortSignal): MessagePort {
  const { port1: page, port2 } = new MessageChannel();
  // Few pages bring one, and those that do not load nothing for it.
  import("./answer-fetches.ts").then(
    ({ answerFetches }) => answerFetches(fetch, { page, until }),
    (error) => {
      page.onmessage = ({ ports: [port] }) => port?.postMessage({ error: String(error) });
    },
  );
  return port2;
}

type WorkerLinkRemote = Parameters<Parameters<WorkerLink<KeeperApi>["call"]>[0]>[0];

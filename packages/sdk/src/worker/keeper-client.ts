import { proxy } from "comlink";
import type { KeeperApi, KeeperSettings } from "./keeper-api.ts";
import type { Outcome } from "./outcome.ts";
import { WorkerLink } from "./worker-link.ts";

/** The page's keeper: started when first needed, and again after it crashed. */
export class KeeperClient {
  readonly #spawn: () => Worker;
  readonly #settings: KeeperSettings;
  #link: WorkerLink<KeeperApi> | undefined;

  constructor(spawn: () => Worker, settings: KeeperSettings) {
    this.#spawn = spawn;
    this.#settings = settings;
  }

  /** Calls the keeper. An abort reaches it, so that it stops fetching. */
  call<T>(
    invoke: (keeper: WorkerLinkRemote, call: number) => Promise<Outcome<T>>,
    signal?: AbortSignal,
  ): Promise<T> {
    const link = this.#connect();
    return link.call(invoke, {
      signal,
      onAbort: (call) => link.tell((keeper) => keeper.cancel(call)),
    });
  }

  /** Rejects what is pending with `reason`, and ends the worker. */
  end(reason: Error): void {
    this.#link?.end(reason);
  }

  #connect(): WorkerLink<KeeperApi> {
    if (this.#link?.isEnded === false) return this.#link;
    const link = new WorkerLink<KeeperApi>(this.#spawn(), "keeper");
    const { registry, telemetry } = this.#settings;
    const onSend = telemetry?.onSend;
    link.tell((keeper) =>
      keeper.start({
        registry,
        ...(telemetry === undefined
          ? {}
          : { telemetry: onSend === undefined ? telemetry : { ...telemetry, onSend: proxy(onSend) } }),
      }),
    );
    this.#link = link;
    return link;
  }
}

type WorkerLinkRemote = Parameters<Parameters<WorkerLink<KeeperApi>["call"]>[0]>[0];

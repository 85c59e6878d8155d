import { SelvedgeError } from "@selvedge/protocol";
import { type Remote, releaseProxy, wrap } from "comlink";
import { type Outcome, unwrap } from "./outcome.ts";
import { patientTimer } from "./patient-timer.ts";

/** How long a worker that is not known to hang may take to say that it listens, in milliseconds. */
const LISTEN_MS = 5_000;

/** What a late call ends its worker with, where that still listens and waits for something else. */
export interface Late<Api> {
  readonly reason: SelvedgeError;
  /** Asks the worker for something that it has at once. */
  readonly ask: (remote: Remote<Api>) => Promise<unknown>;
}

/** How a call may end before it is answered. */
export interface CallLimits<Api> {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds. Past it the worker is taken to hang, and is ended. */
  readonly timeoutMs?: number | undefined;
  /** What it is ended with then, where it does not hang. */
  readonly late?: Late<Api> | undefined;
  /** Tells the worker that the caller has gone. */
  readonly onAbort?: ((call: number) => void) | undefined;
}

/**
 * The page's end of a worker. Every call settles: on an answer, an error, an abort, a deadline, the
 * worker's crash, or `end`. Once broken a link stays broken; its owner starts another.
 */
export class WorkerLink<Api> {
  readonly #worker: Worker;
  readonly #remote: Remote<Api>;
  readonly #title: string;
  readonly #pending = new Set<(reason: unknown) => void>();
  #lastCall = 0;
  #ended: Error | undefined;

  /** @param title what to call the worker in errors */
  constructor(worker: Worker, title: string) {
    this.#worker = worker;
    this.#title = title;
    this.#remote = wrap<Api>(worker);
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.end(
        new SelvedgeError(
          "engine-crashed",
          `The ${title} worker ${event.message ? `failed: ${event.message}` : "could not be started"}. The next call starts a fresh one; if it happens again, check that the worker's script is served and that the page's CSP allows it.`,
          { detail: { hasRun: Boolean(event.message) } },
        ),
      );
    });
    worker.addEventListener("messageerror", () =>
      this.end(
        new SelvedgeError(
          "engine-crashed",
          `A message of the ${title} worker could not be read. The next call starts a fresh one.`,
        ),
      ),
    );
  }

  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** What it was ended with. */
  get endedBy(): Error | undefined {
    return this.#ended;
  }

  /** Calls the worker, and ends it if the deadline passes. */
  call<T>(
    invoke: (remote: Remote<Api>, call: number) => Promise<Outcome<T>>,
    { signal, timeoutMs, late, onAbort }: CallLimits<Api> = {},
  ): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const call = ++this.#lastCall;
    return new Promise<T>((resolve, reject) => {
      const abort = () => {
        onAbort?.(call);
        settle(() => reject(signal?.reason));
      };
      const disarm = timeoutMs === undefined ? undefined : this.#endLate(timeoutMs, late);
      const settle = (how: () => void) => {
        disarm?.();
        signal?.removeEventListener("abort", abort);
        this.#pending.delete(fail);
        how();
      };
      const fail = (reason: unknown) => settle(() => reject(reason));
      this.#pending.add(fail);
      signal?.addEventListener("abort", abort);
      invoke(this.#remote, call).then(
        (outcome) =>
          settle(() => {
            try {
              resolve(unwrap(outcome));
            } catch (error) {
              reject(error);
            }
          }),
        fail,
      );
    });
  }

  /** Sends a message that is not answered. */
  tell(send: (remote: Remote<Api>) => Promise<unknown>): void {
    if (this.#ended === undefined) void send(this.#remote).catch(() => undefined);
  }

  /** Ends the worker; whatever is pending, and whatever is called later, rejects with `reason`. */
  end(reason: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#remote[releaseProxy]();
    this.#worker.terminate();
    for (const fail of [...this.#pending]) fail(reason);
  }

  /** Ends the worker when a call is late. What it answers with keeps it from that. */
  #endLate(timeoutMs: number, late: Late<Api> | undefined): () => void {
    const hangs = () => this.end(this.#hung(timeoutMs));
    if (late === undefined) return patientTimer(timeoutMs, hangs);
    let isOver = false;
    let disarm = patientTimer(timeoutMs, () => {
      disarm = patientTimer(LISTEN_MS, hangs);
      const listens = () => isOver || this.end(late.reason);
      late.ask(this.#remote).then(listens, () => undefined);
    });
    return () => {
      isOver = true;
      disarm();
    };
  }

  #hung(timeoutMs: number): SelvedgeError {
    return new SelvedgeError(
      "engine-timeout",
      `The ${this.#title} worker did not answer within ${timeoutMs} ms and was ended. The next call starts a fresh one; pass a larger timeoutMs if the model needs longer.`,
      { detail: { timeoutMs } },
    );
  }
}

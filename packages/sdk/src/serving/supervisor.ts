import { SelvedgeError } from "@selvedge/protocol";
import type { Tensors } from "../tensor.ts";
import { breaksEngine } from "../worker/engine-failure.ts";
import { CAP_MS, RunTimes } from "./deadline.ts";
import type { Descent } from "./descent.ts";
import type { Failover } from "./failover.ts";
import type { Rung } from "./ladder.ts";
import { type Answer, type CallTerms, PendingCall } from "./pending-call.ts";
import { Restarts } from "./restarts.ts";
import { rungOf, type Served } from "./served.ts";
import { IMPATIENT_MS } from "./wake-steps.ts";

/** What a supervisor works with. */
export interface SupervisorParts {
  readonly served: Served;
  /** What leads to other candidates; rejects where a page that is offline lacks it. */
  readonly failover: () => Promise<Failover>;
  /** An engine failed on a rung, whether or not its call is answered by another. */
  readonly onFailure: (rung: Rung, error: SelvedgeError) => void;
  readonly now?: () => number;
}

/** How far a try came: in line behind others, opening its engine, or in the runtime. */
type Phase = "waiting" | "opening" | "running";

/**
 * Sees to it that every call of one version of a model is answered once, in order, or fails clearly. A
 * call whose engine breaks is given to a fresh one in the same place, and then to the next candidate. A
 * call that breaks every candidate is blamed, and the others are answered.
 */
export class Supervisor {
  readonly #parts: SupervisorParts;
  #served: Served;
  readonly #queue: PendingCall[] = [];
  #isPumping = false;
  /** Failures of what serves since it answered. */
  #strikes = 0;
  /** Calls that were blamed since something was answered. */
  #blamed = 0;
  readonly #restarts: Restarts;
  #descent: Descent | undefined;
  readonly #times = new Map<string, RunTimes>();
  readonly #retiring = new Set<Served["host"]>();
  readonly #disposal = new AbortController();

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#served = parts.served;
    this.#restarts = new Restarts(parts.now);
  }

  get served(): Served {
    return this.#served;
  }

  /** For how many milliseconds what serves has answered without a failure. */
  get steadyMs(): number {
    return this.#restarts.steadyMs;
  }

  /** @param inputs no one else's: they are kept until the call is answered */
  run(inputs: Tensors, terms: CallTerms): Promise<Answer> {
    const call = new PendingCall(inputs, terms, () => {
      this.#queue.splice(this.#queue.indexOf(call), 1);
    });
    this.#queue.push(call);
    if (!this.#isPumping) void this.#pump();
    return call.answer;
  }

  /** Lets another engine of the same version answer from the next call on. */
  moveTo(served: Served): void {
    const { host } = this.#served;
    this.#replace(served);
    // It has been proven: what others failed at is not held against it.
    this.#restarts.forgive();
    this.#blamed = 0;
    this.#descent?.settle();
    this.#descent = undefined;
    this.#retiring.add(host);
    void host.retire().then(() => this.#retiring.delete(host));
  }

  /** Ends once the calls that were made so far are answered. */
  async retire(): Promise<void> {
    await Promise.allSettled(this.#queue.map(({ answer }) => answer));
    this.dispose(new SelvedgeError("disposed", "Another version answers in its place."));
  }

  /** Calls that wait reject with `reason`. Idempotent. */
  dispose(reason: SelvedgeError): void {
    if (this.#disposal.signal.aborted) return;
    this.#disposal.abort(reason);
    this.#rejectAll(reason);
    this.#descent?.settle();
    for (const host of [this.#served.host, ...this.#retiring]) host.dispose(reason);
  }

  /** One call at a time, the oldest first, until none waits. Never rejects. */
  async #pump(): Promise<void> {
    this.#isPumping = true;
    for (let [call] = this.#queue; call !== undefined; [call] = this.#queue) {
      const { pauseMs } = this.#restarts;
      if (pauseMs > 0) this.#rejectAll(this.#paused(pauseMs));
      else await this.#attempt(call).catch((error: unknown) => call.reject(error));
    }
    this.#isPumping = false;
  }

  async #attempt(call: PendingCall): Promise<void> {
    const served = this.#served;
    const { host } = served;
    const { timeoutMs, isReplayable } = call.terms;
    const times = this.#timesOf(served);
    let phase: Phase = "waiting";
    try {
      const run = await host.run(call.inputs, {
        isHandedOver: !isReplayable,
        // A caller's own deadline is the call's, whichever engine is at it, and was set before this one;
        // this one is for the engine of a call that was given up.
        timeoutMs: timeoutMs ?? this.#deadlineMs(call, served),
        onOpening: () => {
          phase = "opening";
        },
        onStart: () => {
          // Nobody waits for it any more, and the engine has not seen it yet.
          if (call.isSettled) throw new DOMException("The call was given up.", "AbortError");
          phase = "running";
          call.started((reason) => host.restart(reason));
        },
      });
      times.note(call.elements, run.runMs);
      this.#answered(served);
      call.resolve(run, served);
    } catch (error) {
      call.stopped();
      await this.#failed(call, served, { phase, error });
    }
  }

  #answered(served: Served): void {
    this.#restarts.answered();
    this.#blamed = 0;
    if (served !== this.#served) return;
    this.#strikes = 0;
    const givenUp = this.#descent?.settle() ?? [];
    this.#descent = undefined;
    for (const former of givenUp) void this.#doubt(former);
  }

  /** Never rejects: what cannot be forgotten is found out again. */
  async #doubt(former: Served): Promise<void> {
    try {
      await (await this.#parts.failover()).doubt(rungOf(former), former.opened);
    } catch {
      // The keeper has gone, and its page with it.
    }
  }

  async #failed(
    call: PendingCall,
    served: Served,
    { phase, error }: { phase: Phase; error: unknown },
  ): Promise<void> {
    if (this.#disposal.signal.aborted) return call.reject(this.#disposal.signal.reason);
    const isBroken = breaksEngine(error);
    if (phase === "running") {
      // The runtime refused this call, and goes on to the next.
      if (!isBroken) return call.reject(error);
      // An image, or a part of a runtime, is no engine that did not survive the call.
      if (!served.host.isOfStart(error)) call.failures++;
      if (!call.terms.isReplayable) call.reject(handedOver(error));
    }
    if (served.host.isOfStart(error)) return;
    // What it was given to has been replaced meanwhile: whatever serves now answers it.
    if (served !== this.#served) return;
    if (phase === "waiting") {
      // An engine that others took down, while this call stood in line: it is not to blame.
      if (!isBroken) call.reject(error);
      return;
    }
    if (!(error instanceof SelvedgeError)) return call.reject(error);
    const { timeoutMs = CAP_MS } = call.terms;
    if (error.code === "engine-timeout" && phase === "running" && timeoutMs < IMPATIENT_MS) return;
    this.#parts.onFailure(rungOf(served), error);
    this.#restarts.failed();
    // What could not initialise stays broken, as long as its worker lives.
    if (error.code === "session-failed") served.host.restart(error);
    const isHopeless = error.code === "no-candidate";
    const isUnsteady = this.#restarts.isUnsteady && served.ladder.fallback() !== undefined;
    if (++this.#strikes < 2 && !isHopeless && !isUnsteady) return;
    await this.#descend(error, phase === "running" ? call : undefined);
  }

  /** Goes down the ladder to the next rung that opens. */
  async #descend(error: SelvedgeError, culprit: PendingCall | undefined): Promise<void> {
    const failed = this.#served;
    const ways = await this.#parts.failover().catch(() => undefined);
    if (this.#disposal.signal.aborted || this.#served !== failed) return;
    this.#descent ??= ways?.descend(failed);
    const descent = this.#descent;
    descent?.giveUp(failed, error);
    let last = error;
    const next = await descent?.next((rung, reason) => {
      if (!(reason instanceof SelvedgeError)) return;
      last = reason;
      this.#restarts.failed();
      this.#parts.onFailure(rung, reason);
    });
    if (this.#disposal.signal.aborted || this.#served !== failed) return next?.host.dispose();
    if (next !== undefined) return this.#replace(next);
    this.#replace(descent?.restore() ?? failed);
    this.#descent = undefined;
    // One call after an answer, whatever it breaks, says nothing about the others.
    const mayBeTheCall = culprit !== undefined && this.#blamed === 0;
    if (!mayBeTheCall && this.#restarts.gaveUp())
      this.#rejectAll(this.#paused(this.#restarts.pauseMs, last));
    else if (culprit === undefined) this.#rejectAll(last);
    // A call that found an engine failing already has its own second try.
    // One whose caller has waited for long enough has none.
    else if (culprit.failures > 1 || culprit.isSettled) {
      this.#blamed++;
      culprit.reject(blamed(culprit, error));
    }
  }

  #replace(served: Served): void {
    this.#served = served;
    this.#strikes = 0;
    this.#restarts.changed();
  }

  #rejectAll(reason: SelvedgeError): void {
    for (const call of [...this.#queue]) call.reject(reason);
  }

  #paused(pauseMs: number, cause?: SelvedgeError): SelvedgeError {
    const { name, version } = this.#served.opened;
    const seconds = Math.ceil(pauseMs / 1000);
    return new SelvedgeError(
      "engine-crashed",
      `The engines of ${name}@${version} failed again and again without an answer${cause === undefined ? "" : `, at last with: ${cause.message}`} The next is started with a call in ${seconds} s or later; calls until then fail at once.`,
      { detail: { hasRun: true, pauseMs }, ...(cause === undefined ? {} : { cause }) },
    );
  }

  #timesOf(served: Served): RunTimes {
    const { backend, build, layout } = served.host.place;
    const key = [backend, build, layout, served.opened.dtype].join();
    const times = this.#times.get(key) ?? new RunTimes();
    this.#times.set(key, times);
    return times;
  }

  /** A call that an engine did not answer in time is given more of it by the next: it may be a slow one. */
  #deadlineMs({ elements, failures }: PendingCall, served: Served): number {
    const learned = this.#timesOf(served).deadlineMs(elements, { isFresh: !served.host.hasRun });
    return Math.min(CAP_MS, learned * 3 ** failures);
  }
}

function handedOver(error: SelvedgeError): SelvedgeError {
  const { code, message, detail } = error;
  return new SelvedgeError(
    code,
    `${message} The call was not run again, as its inputs were handed over with transfer: true.`,
    { cause: error, detail },
  );
}

function blamed(call: PendingCall, error: SelvedgeError): SelvedgeError {
  const { code, message, detail } = error;
  return new SelvedgeError(
    code,
    `This call was given to ${call.failures} engines and none survived it, so it is taken to be the call: the last said "${message}" Check its inputs; other calls are answered.`,
    { cause: error, detail },
  );
}

import type { EngineHost } from "../serving/engine-host.ts";
import type { Rung, Standing } from "../serving/ladder.ts";
import type { LoadRooms } from "../serving/load-rooms.ts";
import type { Model } from "../serving/model.ts";
import { complete, type Errand, isLacking, openHeld, openMended } from "../serving/open-proven.ts";
import type { HostOpened } from "../serving/pack-opener.ts";
import { type Served, subjectOf } from "../serving/served.ts";
import { elementsOf } from "../serving/used-dims.ts";
import type { InputDims } from "../worker/engine-api.ts";
import { breaksEngine } from "../worker/engine-failure.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import type { WorthTrying } from "./candidates.ts";
import { failureOf, isOfCandidate, isRemembered, knownError } from "./contest-failure.ts";
import { inTime, TRIAL_TIMEOUT_MS } from "./in-time.ts";
import { isWorthMoving } from "./race.ts";
import { requireProof } from "./require-proof.ts";
import { type Rivals, requireProofAt, runRace } from "./rivals.ts";
import { ruledOut, type Tried } from "./rule-out.ts";
import { survey } from "./survey.ts";
import { isDue, type Verdict } from "./verdict.ts";
import type { Verdicts } from "./verdicts.ts";
import { whenIdle } from "./when-idle.ts";

/** How candidates are gone through. */
export interface ContestHow {
  /**
   * Whether what was right before has to show it again before it takes over, as after a GPU was lost. What
   * breaks an engine then is the GPU's trouble of that moment, and not remembered.
   */
  readonly isAnew?: boolean;
}

/** A candidate that has been opened, in a worker of its own. */
interface Opened {
  readonly host: EngineHost;
  readonly opened: HostOpened;
}

/**
 * The places that a version of a model could run in, against the one that serves it first. Each is
 * proven and timed in idle time, one after the other, and takes over between two calls where it is right
 * and faster. What came of it is remembered. It is over where the model is disposed of, or was moved by
 * someone else.
 */
export class Contest {
  readonly #rooms: LoadRooms;
  readonly #selector: PackSelector;
  readonly #model: Model;
  /** What served when it began: every share is one of its run time. */
  readonly #first: Served;
  readonly #firstRung: Rung;
  readonly #isAnew: boolean;
  #verdicts: Verdicts | undefined;
  /** What is known of each rung that is right. */
  readonly #right = new Map<Rung, Verdict>();
  /** Where the model runs by now, as far as this has moved it. */
  #serving: Rung;
  #host: EngineHost;
  #isDecided = true;

  constructor(
    rooms: LoadRooms,
    selector: PackSelector,
    { model, isAnew = false }: ContestHow & { readonly model: Model },
  ) {
    this.#isAnew = isAnew;
    this.#rooms = rooms;
    this.#selector = selector;
    this.#model = model;
    this.#first = model.served;
    const { host, opened } = this.#first;
    this.#firstRung = { place: host.place, dtype: opened.dtype };
    this.#serving = this.#firstRung;
    this.#host = host;
  }

  /** Whether nothing that failed would do better at another time. */
  get isDecided(): boolean {
    return this.#isDecided;
  }

  /** Whether the model has gone, or was moved by someone else. */
  get isOver(): boolean {
    return this.#model.disposal.aborted || this.#model.served.host !== this.#host;
  }

  /**
   * Goes through all candidates, with a pause after each step for what else is to be done. Some steps
   * leave an errand: what is to be fetched before the next.
   */
  async *run(): AsyncGenerator<Errand | undefined, void> {
    const { rungs, rejected, verdicts } = await survey(this.#rooms, this.#selector, this.#first);
    this.#verdicts = verdicts;
    for (const { reason, ...rung } of rejected) this.#note(rung, "rejected", reason);
    // What cannot be remembered is found out again.
    const known = await verdicts.read(rungs).catch(() => new Map<Rung, Verdict>());
    const tried: Tried[] = [];
    const unknown: WorthTrying[] = [];
    for (const rung of rungs) {
      const verdict = known.get(rung);
      if (verdict === undefined || this.#isToBeProven(verdict)) {
        unknown.push(rung);
        this.#note(rung, "waiting", rung.reason);
      } else tried.push(await this.#recall(rung, verdict));
    }
    yield* this.#takeBest();
    for (const rung of unknown) {
      yield;
      await whenIdle();
      if (this.isOver) return;
      const standing = ruledOut(rung, tried) ?? this.#tooDear(rung);
      if (standing === undefined) tried.push(yield* this.#try(rung));
      else this.#first.ladder.note(rung, standing);
    }
  }

  /**
   * Proves what serves at the dims that the app has used since it was proven. Where it is wrong there,
   * the model goes back to what served first.
   */
  async proveLarger(): Promise<void> {
    const dims = this.#dims;
    const rung = this.#serving;
    const verdict = this.#right.get(rung);
    if (verdict === undefined || this.isOver) return;
    if (elementsOf(dims) <= elementsOf(verdict.dims)) return;
    // It serves first, so the store has it; what was damaged since is mended.
    const reference = await this.#open(this.#firstRung, openMended);
    try {
      const rivals = this.#rivals(this.#host, reference.host);
      await requireProofAt(rivals, dims, this.#firstRung);
      reference.host.dispose();
      if (this.isOver) return;
      await this.#remember(rung, { ...verdict, dims });
    } catch (error) {
      if (this.isOver || !isOfCandidate(error)) {
        reference.host.dispose();
        return;
      }
      await this.#fail(rung, error);
      this.#moveTo(this.#firstRung, reference, "gone back to from what was faster, and wrong");
    }
  }

  #isToBeProven(verdict: Verdict): boolean {
    const isAnew = this.#isAnew && isFaster(verdict);
    // Where the app gave an order, nobody has raced it.
    const isUntimed = verdict.share === undefined;
    return verdict.outcome === "proven" && (isAnew || isUntimed || isDue(verdict, Date.now()));
  }

  /** The largest dims that the app has used; none where every input has those of the golden one. */
  get #dims(): InputDims {
    const { inputs } = this.#first.opened.signature;
    const isFree = inputs.some(({ dims }) => dims.includes(-1));
    return (isFree ? this.#model.used.largest : undefined) ?? {};
  }

  /** How long one step may take, and what ends it. */
  get #how(): { readonly timeoutMs: number; readonly signal: AbortSignal } {
    const timeoutMs = this.#rooms.pace?.trialMs ?? TRIAL_TIMEOUT_MS;
    return { timeoutMs, signal: this.#model.disposal };
  }

  /** Takes over what is known of a rung from an earlier visit. */
  async #recall(rung: Rung, verdict: Verdict): Promise<Tried> {
    const reason = `${verdict.reason} (found out before)`;
    if (verdict.outcome === "failed") {
      this.#note(rung, "rejected", reason);
      return { rung, error: knownError(verdict) };
    }
    await this.#remember(rung, { ...verdict, loads: verdict.loads + 1 });
    this.#note(rung, isFaster(verdict) ? "standby" : "slower", reason, verdict.runMs);
    return { rung };
  }

  /** Moves to the fastest of those that were found to be right, and faster, before. */
  async *#takeBest(): AsyncGenerator<Errand, void> {
    const faster = [...this.#right].filter(([, verdict]) => isFaster(verdict));
    faster.sort(([, one], [, other]) => (one.share ?? 1) - (other.share ?? 1));
    for (const [rung, { reason, runMs }] of faster) {
      if (this.isOver) return;
      const taken = yield* this.#attempt(rung, async (candidate) => {
        // Makes ready what only a run does, before a call of the app has to wait for it.
        await this.#warmUp(candidate.host);
        if (this.isOver) throw new Error("the model has gone, or moved");
        this.#moveTo(rung, candidate, `${reason} (found out before)`, runMs);
      });
      if (taken.error === undefined) return;
    }
  }

  async #warmUp(host: EngineHost): Promise<void> {
    const dims = this.#dims;
    await host.ask((engine, session) => engine.timeAt(session, dims), this.#how);
  }

  /** Proves a candidate, times it against what serves, and moves to it where it is right and faster. */
  #try(rung: Rung): AsyncGenerator<Errand, Tried> {
    this.#note(rung, "proving", "being proven");
    return this.#attempt(rung, async (candidate) => {
      const { host, opened } = candidate;
      const finding = await inTime(this.#how, (until) => requireProof(host, opened, until));
      const rivals = this.#rivals(host, this.#host);
      const dims = this.#dims;
      const isLarger = elementsOf(dims) > 0;
      const there = isLarger ? await requireProofAt(rivals, dims, this.#serving) : undefined;
      const { candidateMs, servingMs } = await runRace(rivals, there === undefined ? {} : dims);
      const share = candidateMs / servingMs;
      const verdict = {
        outcome: "proven",
        reason: [finding, there, inWords(candidateMs, servingMs, this.#serving)]
          .filter((part) => part !== undefined)
          .join("; "),
        dims: there === undefined ? {} : dims,
        runMs: candidateMs,
        share: share * (this.#right.get(this.#serving)?.share ?? 1),
        at: Date.now(),
        loads: 0,
      } as const;
      await this.#remember(rung, verdict);
      if (this.isOver) throw new Error("the model has gone, or moved");
      const { reason = "" } = this.#first.ladder.standing(this.#serving) ?? {};
      this.#note(this.#serving, "serving", reason, servingMs);
      if (isWorthMoving(share)) this.#moveTo(rung, candidate, verdict.reason, candidateMs);
      else {
        host.dispose();
        this.#note(rung, "slower", verdict.reason, candidateMs);
        this.#rooms.reporter.recorder.rejected(subjectOf(opened, rung), "slower");
      }
    });
  }

  /**
   * Opens a candidate and does something with it. What the device lacks of it is left to be fetched, and
   * it is opened once more.
   */
  async *#attempt(
    rung: Rung,
    run: (candidate: Opened) => Promise<void>,
  ): AsyncGenerator<Errand, Tried> {
    const store = { isLacking: false };
    const tried = await this.#tried(rung, () =>
      this.#use(rung, openHeld, run).catch((error: unknown) => {
        if (!isLacking(error)) throw error;
        store.isLacking = true;
      }),
    );
    if (!store.isLacking) return tried;
    this.#note(rung, "waiting", "the device fetches what it lacks of it");
    const errand: { done?: Tried } = {};
    yield async () => {
      errand.done = await this.#tried(rung, () => this.#fetch(rung));
    };
    if (errand.done?.error !== undefined) return errand.done;
    return this.#tried(rung, () => this.#use(rung, openMended, run));
  }

  /** What came of something that was done for a rung: what goes wrong is its failure. */
  async #tried(rung: Rung, run: () => Promise<void>): Promise<Tried> {
    try {
      if (this.isOver) throw new Error("the model has gone, or moved");
      await run();
      return { rung };
    } catch (error) {
      if (this.isOver) this.#note(rung, "waiting", "the model moved elsewhere meanwhile");
      else await this.#fail(rung, error);
      return { rung, error };
    }
  }

  async #use(
    { place, dtype }: Rung,
    open: typeof openHeld,
    run: (candidate: Opened) => Promise<void>,
  ): Promise<void> {
    const candidate = await this.#open({ place, dtype }, open);
    try {
      await run(candidate);
    } catch (error) {
      candidate.host.dispose();
      throw error;
    }
  }

  /** Opens a rung in a worker of its own. */
  async #open({ place, dtype }: Rung, open: typeof openHeld): Promise<Opened> {
    const host = this.#rooms.newHost(place, this.#selector.trust, "at-once");
    try {
      const { digest } = this.#first.opened;
      return { host, opened: await open(host, { digest, dtype }, this.#model.disposal) };
    } catch (error) {
      host.dispose();
      throw error;
    }
  }

  /** Fetches what the device lacks of a rung. No turn of the page is held meanwhile. */
  async #fetch({ place: { backend, features }, dtype }: Rung): Promise<void> {
    const { version } = this.#first.opened;
    const wanted = { ...this.#selector, version, dtype, backend, features };
    await complete(this.#rooms, { wanted, signal: this.#model.disposal, purpose: "update" });
  }

  /** Why a rung is not worth what fetching it takes. */
  #tooDear({ dtype }: Rung): Standing | undefined {
    if (this.#serving === this.#firstRung || dtype === this.#firstRung.dtype) return undefined;
    if ([...this.#right.keys()].some((right) => right.dtype === dtype)) return undefined;
    const { dtype: enough } = this.#serving;
    return { state: "waiting", reason: `not fetched, as ${enough} is right and faster already` };
  }

  async #fail(rung: Rung, error: unknown): Promise<void> {
    const { state, reason, code } = failureOf(error);
    const isOfMoment = this.#isAnew && breaksEngine(error);
    if (isOfMoment || !isRemembered(error)) this.#isDecided = false;
    else {
      const found = { outcome: "failed", reason, code, dims: this.#dims } as const;
      await this.#remember(rung, { ...found, at: Date.now(), loads: 0 });
    }
    this.#note(rung, state, reason);
    if (state === "waiting") return;
    const subject = subjectOf(this.#first.opened, rung);
    const { recorder } = this.#rooms.reporter;
    recorder.failed(subject, "prove", code);
    recorder.rejected(subject, code);
  }

  async #remember(rung: Rung, verdict: Verdict): Promise<void> {
    if (verdict.outcome === "proven") this.#right.set(rung, verdict);
    else this.#right.delete(rung);
    await this.#verdicts?.write(rung, verdict).catch(() => undefined);
  }

  /** Lets a candidate answer from the next call on. */
  #moveTo(rung: Rung, { host, opened }: Opened, reason: string, runMs?: number): void {
    if (this.#first.ladder.standing(this.#serving)?.state === "serving")
      this.#note(this.#serving, "standby", `right; ${nameOf(rung)} took over`);
    this.#note(rung, "serving", reason, runMs);
    this.#serving = rung;
    this.#host = host;
    this.#model.moveTo({ ...this.#model.served, host, opened });
    const subject = subjectOf(opened, rung);
    const { recorder } = this.#rooms.reporter;
    recorder.loaded(subject, "compile", opened.compileMs);
    recorder.loaded(subject, "create", opened.createMs);
  }

  #rivals(candidate: EngineHost, serving: EngineHost): Rivals {
    return { candidate, serving, ...this.#how };
  }

  #note(rung: Rung, state: Standing["state"], reason: string, runMs?: number): void {
    const measured = runMs === undefined ? {} : { runMs };
    this.#first.ladder.note(rung, { state, reason, ...measured });
  }
}

/** Whether a candidate beats the place that serves first. */
function isFaster({ share = 1 }: Verdict): boolean {
  return isWorthMoving(share);
}

function inWords(candidateMs: number, servingMs: number, serving: Rung): string {
  const [ours, theirs] = [candidateMs, servingMs].map((ms) => Number(ms.toPrecision(3)));
  return `${ours} ms a run, ${nameOf(serving)} ${theirs} ms`;
}

function nameOf({ place: { backend, layout }, dtype }: Rung): string {
  return [dtype, "on", backend === "wasm" ? "WASM" : "WebGPU", layout]
    .filter((part) => part !== undefined)
    .join(" ");
}

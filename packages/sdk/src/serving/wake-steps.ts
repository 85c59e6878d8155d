import type { SelvedgeError } from "@selvedge/protocol";
import type { Tensors } from "../tensor.ts";
import type { WakeStep, Waking } from "../worker/engine-api.ts";
import type { EngineStart, StartCode, Trap } from "./engine-start.ts";
import { dimsOf } from "./used-dims.ts";

/** A caller who waits for less than this says nothing about the engine when it is too much. */
export const IMPATIENT_MS = 1_000;

/** Which step comes after each. */
const NEXT: Readonly<Record<WakeStep, WakeStep>> = { run: "full", full: "none", none: "none" };

/** An image that is not to be woken again, and why. */
interface Doubt {
  readonly key: string;
  readonly reason: string;
  /** Of the call that it did not survive, if it was one: another that is answered says nothing of it. */
  readonly inputs: Tensors | undefined;
}

/** What broke an engine. */
interface Breakage {
  readonly error: SelvedgeError;
  /** Of the call that it broke with. */
  readonly inputs?: Tensors | undefined;
  /** Whether it had been opened. */
  readonly isOpen: boolean;
  /** Whether it had answered a call. */
  readonly hasAnswered: boolean;
}

/**
 * The steps of one host: which of them its next engine is opened at, and why it is not an earlier one. A
 * step that failed stays behind for as long as the host lives.
 */
export class WakeSteps {
  /** Whether anything is woken here. */
  mayWake = false;
  /** The first that may be tried. */
  #first: WakeStep = "run";
  /** What keeps the engine from an earlier step. */
  #setback: Pick<EngineStart, "code" | "reason"> | undefined;
  #isFull = false;
  #opened: Waking | undefined;
  #code: StartCode = "off";
  #trap: Trap | undefined;
  #doubt: Doubt | undefined;

  /** Whether the next engine has to have all of the runtime, as a part of it has trapped. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** How the engine that was opened last came to be. */
  get start(): EngineStart {
    const { step = "none", reason = "it has not been opened", image } = this.#opened ?? {};
    const trap = this.#trap === undefined ? {} : { trap: this.#trap };
    const why = this.#setback === undefined ? reason : this.#setback.reason;
    return { step, code: this.#code, reason: why, ...(image && { image }), ...trap };
  }

  /**
   * The step to open the next engine at.
   *
   * @param hint the first that is worth trying, by what is known of images
   */
  next(hint: WakeStep): WakeStep {
    if (!this.mayWake || hint === "none") return "none";
    return this.#first === "run" ? hint : this.#first;
  }

  /**
   * An engine has been opened.
   *
   * @param waking what it says of how it woke, where it was asked to
   * @param isShared whether its worker had a runtime already
   */
  opened(waking: Waking | undefined, isShared: boolean): EngineStart {
    const [code, reason] = this.#whyLoaded(isShared);
    const { step = "none" } = waking ?? {};
    this.#opened = waking ?? { step, reason };
    const isLacking = waking !== undefined && code === "not-known";
    this.#code = step !== "none" ? "woken" : isLacking ? "no-image" : code;
    return this.start;
  }

  /**
   * An engine broke.
   *
   * @param step what it was woken at, or was to be
   * @returns whether that may be the step's fault: the next is to be tried, and it says nothing of the place
   */
  failed(step: WakeStep, { error, inputs, isOpen, hasAnswered }: Breakage): boolean {
    const { image, timeoutMs } = error.detail;
    const isTrap = error.detail["isFitted"] === true;
    // What breaks a loaded engine as well is no image's fault.
    if (step === "none") this.#doubt = undefined;
    const isImpatience = error.code === "engine-timeout" && Number(timeoutMs) < IMPATIENT_MS;
    // What has answered, and lacks nothing, has woken well: another is woken as it was.
    const isLikely = isTrap || !(hasAnswered || isImpatience);
    const mayBe = step === "none" ? isTrap && !this.#isFull : isLikely;
    if (!mayBe) return false;
    if (isTrap) this.#trap = { step, ...(inputs && { dims: dimsOf(inputs) }) };
    this.#isFull = true;
    if (step === "none") return true;
    // What fails in all of the runtime, too, is the image's fault, once a loaded engine has answered.
    const key = typeof image === "string" ? image : isOpen ? this.#opened?.image?.key : undefined;
    if (step === "full" && key !== undefined) this.#doubt = { key, reason: error.message, inputs };
    this.#first = NEXT[step];
    this.#setback = { code: "failed", reason: `an engine that was woken failed: ${error.message}` };
    return true;
  }

  /** Its answers are not those of the engine that was written down: nothing is woken any more. */
  wrong(finding: string): void {
    this.#first = "none";
    this.#setback = { code: "wrong", reason: `its image was dropped, as it was wrong: ${finding}` };
  }

  /** What came with its pack does not wake: nothing is woken any more. */
  lacks(code: StartCode, reason: string): void {
    this.#first = "none";
    this.#setback = { code, reason };
  }

  #whyLoaded(isShared: boolean): readonly [StartCode, string] {
    if (this.#setback !== undefined) return [this.#setback.code, this.#setback.reason];
    if (!this.mayWake) return ["off", "nothing is woken here"];
    if (isShared) return ["shared", "it shares a worker with other models"];
    const lack = this.#trap === undefined ? "" : ", and the fitted runtime lacked what it needs";
    return ["not-known", `no image of it is known here${lack}`];
  }

  /** A loaded engine has answered a call: the image that was to blame for what failed before it, once. */
  takeDoubt(inputs: Tensors): Doubt | undefined {
    const doubt = this.#doubt;
    if (doubt?.inputs !== undefined && doubt.inputs !== inputs) return undefined;
    this.#doubt = undefined;
    return doubt;
  }
}

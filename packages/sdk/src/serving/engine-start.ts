import type { InputDims, WakeStep, Waking } from "../worker/engine-api.ts";

/**
 * Why an engine came to be as it did, in a word: it was `woken`; or it was loaded, as no image of it is
 * known (`not-known`), the one that is known, or could have come with its pack, cannot be woken
 * (`no-image`), it is in a worker that is
 * `shared`, nothing is woken here (`off`), a woken engine `failed`, or its answers were `wrong`.
 */
export type StartCode = "woken" | "not-known" | "no-image" | "shared" | "off" | "failed" | "wrong";

/** How the engine of a model came to be: woken from an image, or loaded. */
export interface EngineStart extends Omit<Waking, "image" | "isDamaged"> {
  readonly code: StartCode;
  /** What was woken, and how long that took. */
  readonly image?: Waking["image"];
  /**
   * Why later visits find no image of it, for people: writing one down was tried, or not worth it, or there
   * is too little room. Told some time behind the first answer; absent where there is one, or as long as none was tried.
   */
  readonly noImage?: string;
  /** What a fitted runtime lacked a function for, and another engine did. */
  readonly trap?: Trap;
}

/** A call, or a model, that a fitted runtime was not fitted to. */
export interface Trap {
  /** The step whose wasm it was: `none` is one that loads models. */
  readonly step: WakeStep;
  /** Of the call's inputs; absent where it was none, but a model that was created or woken. */
  readonly dims?: InputDims;
}

/** What happens to the engine of a host, for whoever counts. */
export type StartEvent =
  | { readonly kind: "started"; readonly start: EngineStart }
  | { readonly kind: "trapped"; readonly trap: Trap }
  | { readonly kind: "quarantined"; readonly code: "failed" | "wrong" | "damaged" };

import { SelvedgeError } from "@selvedge/protocol";
import { prove } from "../../proving/worker/prove.ts";
import type { OnTrial } from "../../proving/worker/trial.ts";
import type { Waking } from "../../worker/engine-api.ts";
import type { EngineRuntime, EngineSession } from "../engine-session.ts";
import type { FoundPack } from "../open-pack.ts";
import { DamagedImage, type SoundImage } from "./read-image.ts";
import type { ImageToWake, WasmPlan } from "./wasm-plan.ts";

/** A session that was made, in which runtime, and what that took. */
export interface Made {
  readonly session: EngineSession;
  readonly runtime: EngineRuntime;
  /** What it was woken from. */
  readonly image?: SoundImage;
  /** Milliseconds. */
  readonly readMs: number;
  readonly createMs: number;
}

/** One that woke. */
export interface Woken extends Made {
  readonly of: ImageToWake;
  readonly image: SoundImage;
}

/**
 * What is found of a pack while it wakes. Where that is nothing, what woke is given up.
 *
 * @throws SelvedgeError where looking failed, or after which the worker is not to be used
 */
export async function beside(
  waking: Promise<Woken | undefined> | undefined,
  finding: Promise<FoundPack | undefined>,
): Promise<FoundPack | undefined> {
  waking?.catch(() => undefined);
  const found = await finding.catch(async (error: unknown) => {
    await giveUp(waking);
    throw error;
  });
  if (found === undefined) await giveUp(waking);
  return found;
}

/** Where waking has failed, so has the worker: that is what its page has to know. */
async function giveUp(waking: Promise<Woken | undefined> | undefined): Promise<void> {
  const woken = await waking;
  // What woke in a wasm that only runs goes with its worker.
  if (woken?.runtime.wasm?.kind !== "run") await woken?.session.release();
}

/** @throws SelvedgeError after which the worker is not to be used: the next step is to be tried in another */
export async function wake(
  { createSession, live }: EngineRuntime,
  image: SoundImage,
): Promise<EngineSession> {
  try {
    // Not before it is certain that this session is the one: the next to be created is answered by it.
    if (live !== undefined) live.asleep = Promise.resolve(image.asleep);
    // The session is there already; onnxruntime is given something to create it from all the same.
    const nothing = { graph: new ArrayBuffer(1), tensors: [] };
    return await createSession(nothing, { backend: "wasm" }, () => Promise.reject());
  } catch (cause) {
    throw notWoken(cause);
  }
}

/** @throws SelvedgeError after which the worker is not to be used */
export function requireSame({ of }: Woken, { digest, variant }: FoundPack): void {
  if (of.digest === digest && of.dtype === variant.dtype) return;
  throw notWoken(new Error("another pack is active"));
}

function notWoken(cause: unknown): SelvedgeError {
  return new SelvedgeError("session-failed", `The engine did not wake (${cause}). Use another.`, {
    cause,
    detail: { isBroken: true },
  });
}

/** @throws SelvedgeError after which the worker is not to be used */
export async function requireGolden(on: OnTrial): Promise<void> {
  const { holds, finding } = await prove(on, on);
  if (holds) return;
  throw new SelvedgeError(
    "session-failed",
    `The image that ships with the pack does not give its golden answers: ${finding}. Load it.`,
    { detail: { isBroken: true } },
  );
}

/** How a session came to be, as the page is told. */
export async function wakingOf(
  { toWake, reason }: WasmPlan,
  { wasm }: EngineRuntime,
  image: SoundImage | undefined,
): Promise<Waking> {
  if (toWake === undefined) return { step: "none", reason };
  if (image === undefined) {
    const isDamaged = await toWake.image.then(
      () => false,
      (error: unknown) => error instanceof DamagedImage,
    );
    return { step: "none", reason: wasm?.reason ?? reason, ...(isDamaged && { isDamaged }) };
  }
  const { at, readMs, restoreMs } = image;
  // What only runs may not have been there.
  const step = wasm?.kind === "run" ? "run" : "full";
  return { step, reason: wasm?.reason ?? reason, image: { ...at, readMs, restoreMs } };
}

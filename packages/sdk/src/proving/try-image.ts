import { SelvedgeError } from "@selvedge/protocol";
import type { EngineHost } from "../serving/engine-host.ts";
import type { OwnWorker } from "../serving/engine-pool.ts";
import { isFailureOfPack } from "../serving/failure-of-pack.ts";
import type { LoadRooms } from "../serving/load-rooms.ts";
import type { HostOpened } from "../serving/pack-opener.ts";
import { countStart } from "../telemetry/count-start.ts";
import type { ImageAt, SessionSettings, WakeStep } from "../worker/engine-api.ts";
import type { ImageVerdict } from "./image-record.ts";
import type { Wanted } from "./make-image.ts";
import { untilCached } from "./until-cached.ts";
import { whenIdle } from "./when-idle.ts";
import { isWorthWaking, type StartTimes, timesText } from "./worth-waking.ts";

/** A device that needs longer is not one to be kept busy with this. */
const TIMEOUT_MS = 60_000;

/**
 * Starts of each kind that are timed, by turns: the fewest, and the most where waking has not proven clearly
 * faster. A device that is busy meanwhile must not be without its image for days.
 */
const MIN_ROUNDS = 3;
const MAX_ROUNDS = 7;

/**
 * What fills the browser's code cache with the wasm that engines are woken in, which is not the one that
 * loads: so many runs make its functions hot.
 */
const TRAINING_RUNS = 12;

/** What came of an image. */
export interface Result extends Pick<ImageVerdict, "image" | "reason"> {
  readonly at?: ImageAt;
  /** What later visits begin with: another than the first where that has trapped. */
  readonly step?: WakeStep;
  /** How the session that was written down had been created. */
  readonly settings?: SessionSettings | undefined;
}

/**
 * Writes an engine down, wakes it in another worker, holds its golden answer against the one it gave
 * before, bit for bit, and times how it starts. An image that is wrong, or not worth it, is dropped.
 *
 * @throws AbortError when the signal fires, and what says nothing about the image, such as a lost network.
 */
export async function tryImage(rooms: LoadRooms, wanted: Wanted): Promise<Result> {
  const { signal } = wanted;
  const { digest, dtype } = wanted.served.opened;
  const limits = { timeoutMs: TIMEOUT_MS, signal };
  let settings: SessionSettings | undefined;
  let step: WakeStep = "run";
  const drop = () =>
    rooms.keeper.call((remote, call) => remote.dropImages(call, digest, dtype), signal);
  try {
    const image = await inWorker(rooms, { ...wanted, own: "to-write" }, (host, opened) => {
      settings = opened.settings;
      return host.ask((remote, session) => remote.hibernate(session), limits);
    });
    const { key, bytes, place, declined } = image;
    if (declined !== undefined) return { image: "not worth it", reason: declined, settings };
    await whenIdle();
    const wrong = await inWorker(rooms, { ...wanted, own: "to-wake" }, async (host) => {
      if (host.start.step === "none") throw notWoken(host);
      const proof = await host.ask((remote, session) => remote.checkWoken(session), limits);
      if (proof.holds) {
        await train(rooms, host, signal);
        // A host that has nothing which only runs may have it tomorrow.
        if (host.start.trap !== undefined) step = host.start.step;
        return undefined;
      }
      // Its pages go with that; the key has to be remembered.
      await host.ask((remote) => remote.quarantine(key, proof.finding), limits);
      countStart(rooms.reporter.recorder, host, { kind: "quarantined", code: "wrong" });
      return proof.finding;
    });
    if (wrong !== undefined) return { image: "failed", reason: wrong, settings };
    const times = await timeStarts(rooms, wanted);
    const reason = timesText(times);
    const at = { key, bytes, place };
    if (isWorthWaking(times)) return { image: "made", reason, at, step, settings };
    await drop();
    return { image: "not worth it", reason, settings };
  } catch (error) {
    if (signal.aborted || !isOfImage(error)) throw error;
    await drop();
    const reason = error instanceof Error ? error.message : String(error);
    return { image: "failed", reason, settings };
  }
}

async function train(rooms: LoadRooms, host: EngineHost, signal: AbortSignal): Promise<void> {
  const limits = { timeoutMs: TIMEOUT_MS, signal };
  for (let run = 0; run < TRAINING_RUNS; run++)
    await host.ask((remote, session) => remote.timeAt(session, {}), limits);
  await untilCached(rooms, signal);
}

/** It went meanwhile, or it cannot be woken here: what was timed then would be two loads. */
function notWoken({ start }: EngineHost): SelvedgeError {
  return new SelvedgeError("no-candidate", start.reason);
}

/**
 * Whether it would likely be the same on the next visit, which would try all of it again. What has no code
 * is a browser's refusal, or a runtime that is not as its facts say.
 */
function isOfImage(error: unknown): boolean {
  if (!(error instanceof SelvedgeError)) return navigator.onLine;
  return isFailureOfPack(error) || error.code.startsWith("storage-");
}

/** Milliseconds from the start of a worker to its first golden answer, woken and loaded by turns. */
async function timeStarts(rooms: LoadRooms, wanted: Wanted): Promise<StartTimes> {
  const { signal } = wanted;
  const limits = { timeoutMs: TIMEOUT_MS, signal };
  const start = async (own: "to-wake" | "afresh") => {
    await whenIdle();
    const startedAt = performance.now();
    return inWorker(rooms, { ...wanted, own }, async (host) => {
      if (own === "to-wake" && host.start.step === "none") throw notWoken(host);
      await host.ask((remote, session) => remote.runAt(session, {}), limits);
      return performance.now() - startedAt;
    });
  };
  const woken: number[] = [];
  const loaded: number[] = [];
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    loaded.push(await start("afresh"));
    woken.push(await start("to-wake"));
    if (round >= MIN_ROUNDS && isWorthWaking({ woken, loaded })) break;
  }
  return { woken, loaded };
}

/** Opens the pack in a worker of its own, which ends with what is done there. */
async function inWorker<T>(
  rooms: LoadRooms,
  { served: { host, opened }, signal, own }: Wanted & { readonly own: OwnWorker },
  run: (host: EngineHost, opened: HostOpened) => Promise<T>,
): Promise<T> {
  const worker = rooms.newHost(host.place, host.pack?.trust, own);
  try {
    const { name, version, digest, dtype } = opened;
    const choice = { digest, dtype, origin: { name, version } };
    return await run(worker, await worker.openStored(choice, signal));
  } finally {
    worker.dispose();
  }
}

import { SelvedgeError } from "@selvedge/protocol";
import type { Place } from "../worker/engine-api.ts";
import type { FoundUpdate, InstallHow } from "../worker/keeper-api.ts";
import type { Loaded } from "./behind.ts";
import { isFailureOfPack } from "./failure-of-pack.ts";
import { Ladder, type Rung } from "./ladder.ts";
import type { LoadRooms } from "./load-rooms.ts";
import type { ModelUpdate } from "./model-update.ts";
import { openProven, type Proven } from "./open-proven.ts";
import type { HostOpened } from "./pack-opener.ts";

/** What the updates of a model share with the rest that happens behind it. */
interface Turns {
  readonly inTurn: <T>(
    run: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ) => Promise<T>;
  /** Another version answers from now on. */
  readonly onMove: () => void;
}

/** How far an update is to go. */
interface Going {
  /** Whether the model is to move to it. */
  readonly isLive: boolean;
  readonly purpose: NonNullable<InstallHow["purpose"]>;
  /** Whether the app waits for it: other models may be proving something meanwhile. */
  readonly isUrgent: boolean;
  readonly signal: AbortSignal;
}

const NEXT_LOAD = "It answers from the next load on.";
const OTHER_SIGNATURE = `Its inputs or outputs are not those of the version that is loaded. ${NEXT_LOAD}`;

/** Newer versions of a loaded model: looked for, fetched, proven, and moved to. */
export class Updates {
  readonly #rooms: LoadRooms;
  readonly #loaded: Loaded;
  readonly #turns: Turns;
  #last: ModelUpdate | undefined;

  constructor(rooms: LoadRooms, loaded: Loaded, turns: Turns) {
    this.#rooms = rooms;
    this.#loaded = loaded;
    this.#turns = turns;
  }

  /** Asks the registry, and does what the policy says. */
  async check(signal?: AbortSignal): Promise<ModelUpdate | undefined> {
    if (this.#loaded.selector.version !== undefined) return undefined;
    return this.#turns.inTurn((until) => this.#look({ signal: until, isUrgent: true }), signal);
  }

  /** The same, where nobody waits for what comes of it. A device that is offline is no failure. */
  async checkQuietly(): Promise<void> {
    const { model } = this.#loaded;
    try {
      if (this.#loaded.selector.version === undefined)
        await this.#turns.inTurn((signal) => this.#look({ signal, isUrgent: false }));
    } catch (error) {
      if (model.disposal.aborted || !(error instanceof SelvedgeError)) return;
      const { name, version, dtype } = model.info;
      if (error.code !== "network" && error.code !== "closed")
        this.#rooms.reporter.recorder.failed(
          { model: name, version, dtype },
          "refresh",
          error.code,
        );
    }
  }

  async #look(how: Pick<Going, "signal" | "isUrgent">): Promise<ModelUpdate | undefined> {
    const { selector, model, policy } = this.#loaded;
    const { digest } = model.info;
    const found = await this.#rooms.keeper.call(
      (remote, call) => remote.findUpdate(call, selector, digest),
      how.signal,
    );
    if (found === undefined) return undefined;
    const told = this.#last?.digest === found.digest ? this.#last : undefined;
    if (told?.state === "ready" && policy !== "background") return told;
    const update: ModelUpdate = {
      state: "found",
      ...subjectOf(found),
      apply: this.#applying(found),
    };
    if (told?.state !== "found") this.#tell(update);
    if (policy === "manual") return update;
    return this.#bring(found, { ...how, isLive: policy === "background", purpose: "update" });
  }

  #applying(found: FoundUpdate) {
    return ({ signal }: { readonly signal?: AbortSignal } = {}): Promise<ModelUpdate> =>
      this.#turns.inTurn(
        (until) =>
          this.#loaded.model.info.digest === found.digest
            ? Promise.resolve({ state: "applied", ...subjectOf(found) } as const)
            : this.#bring(found, {
                isLive: true,
                purpose: "load",
                isUrgent: true,
                signal: until,
              }),
        signal,
      );
  }

  /** Fetches a version and proves it; then it is what the next load opens, or the model moves to it. */
  async #bring(found: FoundUpdate, going: Going): Promise<ModelUpdate> {
    const subject = subjectOf(found);
    const isSame = hasSameSignature(found, this.#loaded.model.info);
    const isLive = going.isLive && isSame;
    let proven: Proven | undefined;
    try {
      await this.#fetch(found, going);
      if (isLive || !found.isCurrent) {
        const proof = await this.#prove(found, { ...going, isLive });
        if (proof instanceof SelvedgeError) return await this.#refuse(found, proof);
        proven = proof;
        await this.#makeCurrent(found, going.signal);
      }
    } catch (error) {
      proven?.host.dispose();
      if (!(error instanceof SelvedgeError) || going.signal.aborted) throw error;
      const reason = error.message;
      // Waited out, unless the app asks for it.
      if (error.code === "metered")
        return this.#tell({ state: "found", ...subject, reason, apply: this.#applying(found) });
      this.#tell({ state: "failed", ...subject, reason, error });
      throw error;
    }
    if (proven !== undefined && isLive) return this.#moveTo(found, proven);
    proven?.host.dispose();
    return this.#tell(
      isSame
        ? { state: "ready", ...subject, reason: NEXT_LOAD, apply: this.#applying(found) }
        : { state: "ready", ...subject, reason: OTHER_SIGNATURE },
    );
  }

  async #fetch(found: FoundUpdate, { purpose, signal }: Going): Promise<void> {
    if (found.isCurrent) return;
    const { selector, model } = this.#loaded;
    const how = { role: "next", purpose } as const;
    const { digest, version, dtype, fetchedBytes } = await this.#rooms.keeper.call(
      (remote, call) => remote.install(call, selector, undefined, undefined, how),
      signal,
    );
    const { name, backend } = model.info;
    this.#rooms.reporter.recorder.fetched({ model: name, version, dtype, backend }, fetchedBytes);
    if (digest === found.digest) return;
    throw new SelvedgeError(
      "channel-missing",
      `${name}@${found.version} was replaced by ${version} while it was fetched. The next check finds that.`,
    );
  }

  /**
   * Proves a version in an engine of its own: where the model serves now, if it is to move there, and
   * where it would be loaded otherwise.
   *
   * @returns why it failed, where that is the version's own fault on this device
   */
  async #prove(
    found: FoundUpdate,
    { isLive, isUrgent, signal }: Going,
  ): Promise<Proven | SelvedgeError> {
    const { selector, model } = this.#loaded;
    const { place } = model.served.host;
    const { version, dtype } = found;
    const proveOn = async ({ backend, features, ...where }: Place) => {
      const wanted = { ...selector, version, dtype, backend, features };
      const place = { backend, features, ...where };
      try {
        const own = isUrgent ? "at-once" : "in-turn";
        return await openProven(this.#rooms, { wanted, place, choice: found, signal, own });
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof SelvedgeError && isFailureOfPack(error))) throw error;
        const subject = { model: selector.name, version, dtype, backend };
        this.#rooms.reporter.recorder.failed(subject, "prove", error.code);
        return error;
      }
    };
    if (isLive && place.backend !== selector.backend) {
      const there = await proveOn(place);
      if (!(there instanceof SelvedgeError)) return there;
    }
    const { backend, features } = selector;
    return proveOn(place.backend === backend ? place : { backend, build: backend, features });
  }

  /** From then on it is what the next load opens. */
  async #makeCurrent(found: FoundUpdate, signal: AbortSignal): Promise<void> {
    const { selector } = this.#loaded;
    const standing = await this.#rooms.keeper.call(
      (remote, call) => remote.settle(call, selector, found, "proven"),
      signal,
    );
    if (standing?.current.digest === found.digest) return;
    throw new SelvedgeError(
      "storage-damaged",
      `${selector.name}@${found.version} was given up, or deleted, by another tab while this one proved it. The next check finds what stands.`,
    );
  }

  #moveTo(found: FoundUpdate, { host, opened, finding }: Proven): ModelUpdate {
    const { model } = this.#loaded;
    const { compileMs, importMs, readMs, createMs } = opened;
    const totalMs = Math.max(compileMs, importMs, readMs) + createMs;
    const none = { spawnMs: 0, resolveMs: 0, fetchMs: 0, wakeMs: 0 };
    const reason = `took over from ${model.info.version}; ${finding}`;
    const ladder = new Ladder({ place: host.place, dtype: opened.dtype }, reason);
    const { version: former } = model.info;
    for (const rung of model.served.ladder.fallbacks)
      if (ladder.standing(rung) === undefined && isPackedFor(opened, rung))
        ladder.note(rung, { state: "waiting", reason: `could serve ${former}; not tried yet` });
    model.moveTo({
      host,
      opened,
      timings: { ...none, compileMs, importMs, readMs, createMs, totalMs },
      ladder,
    });
    const { name: title, version, dtype } = opened;
    const subject = { model: title, version, dtype, backend: host.backend };
    this.#rooms.reporter.recorder.loaded(subject, "compile", compileMs);
    this.#rooms.reporter.recorder.loaded(subject, "create", createMs);
    this.#turns.onMove();
    return this.#tell({ state: "applied", ...subjectOf(found) });
  }

  async #refuse(found: FoundUpdate, error: SelvedgeError): Promise<ModelUpdate> {
    const { selector } = this.#loaded;
    await this.#rooms.keeper.call((remote, call) =>
      remote.settle(call, selector, found, "refused"),
    );
    return this.#tell({ state: "refused", ...subjectOf(found), reason: error.message });
  }

  /** Tells the app, unless it has just been told the same. */
  #tell<Update extends ModelUpdate>(update: Update): Update {
    const last = this.#last;
    this.#last = update;
    const isNews =
      last?.state !== update.state ||
      last.digest !== update.digest ||
      reasonOf(last) !== reasonOf(update);
    if (isNews) this.#loaded.feed.emit(update);
    return update;
  }
}

function subjectOf({ version, digest, bytes }: FoundUpdate) {
  return { version, digest, bytes };
}

function reasonOf(update: ModelUpdate): string | undefined {
  return "reason" in update ? update.reason : undefined;
}

/** Whether a version may run on a rung of the one before it. */
function isPackedFor({ variants, engine }: HostOpened, { place, dtype }: Rung): boolean {
  return variants.some(
    (variant) =>
      variant.engine === engine &&
      variant.dtype === dtype &&
      variant.backends.includes(place.backend) &&
      variant.requires.every((feature) => place.features.includes(feature)),
  );
}

function hasSameSignature(
  { signature: one }: Pick<FoundUpdate, "signature">,
  { signature: other }: Pick<FoundUpdate, "signature">,
): boolean {
  const text = ({ inputs, outputs }: FoundUpdate["signature"]) =>
    JSON.stringify(
      [inputs, outputs].map((values) => values.map(({ name, dtype, dims }) => [name, dtype, dims])),
    );
  return text(one) === text(other);
}

import type { SelvedgeError } from "@selvedge/protocol";

/** Which version something happened to. */
interface UpdateSubject {
  readonly version: string;
  /** SHA-256 of the pack's manifest. */
  readonly digest: string;
  /** Model bytes that had to be fetched for it when it was found. */
  readonly bytes: number;
}

/** The registry names another version. Nothing of it but its manifest was fetched so far. */
interface FoundModelUpdate extends UpdateSubject {
  readonly state: "found";
  /** Why it is not being fetched now, where it could have been expected. */
  readonly reason?: string;
  /**
   * Fetches it, proves it, and lets it answer from the next call on, whatever the policy says. Resolves
   * with what came of it: `applied`, or `ready` where the next load has to bring it.
   *
   * @throws SelvedgeError where it could not be fetched, or failed; the version before goes on.
   */
  readonly apply: (options?: { readonly signal?: AbortSignal }) => Promise<ModelUpdate>;
}

/** It is stored, and proven on this device: the next load opens it. */
interface ReadyModelUpdate extends UpdateSubject {
  readonly state: "ready";
  /** Why this model does not move to it by itself. */
  readonly reason: string;
  /** Lets it answer from the next call on. Absent where its inputs or outputs are not the same. */
  readonly apply?: FoundModelUpdate["apply"];
}

/** This model answers with it, from the next call on. */
interface AppliedModelUpdate extends UpdateSubject {
  readonly state: "applied";
}

/**
 * It failed on this device, and is neither used nor fetched again before the registry names another,
 * or the page comes with other runtimes.
 */
interface RefusedModelUpdate extends UpdateSubject {
  readonly state: "refused";
  readonly reason: string;
}

/** What answered last could not be opened: this model is the version before it. */
interface RolledBackModel extends UpdateSubject {
  readonly state: "rolled-back";
  readonly reason: string;
}

/** It could not be fetched, or kept. The next check tries again. */
interface FailedModelUpdate extends UpdateSubject {
  readonly state: "failed";
  readonly reason: string;
  readonly error: SelvedgeError;
}

/** What became of another version of a loaded model. */
export type ModelUpdate =
  | FoundModelUpdate
  | ReadyModelUpdate
  | AppliedModelUpdate
  | RefusedModelUpdate
  | RolledBackModel
  | FailedModelUpdate;

/** What a loaded model does about newer versions. */
export type UpdatePolicy = "background" | "next-load" | "manual";

/** Who is told of updates. One that comes later is told what happened last. */
export class UpdateFeed {
  readonly #listeners = new Set<(update: ModelUpdate) => void>();
  #last: ModelUpdate | undefined;

  /** @returns what ends it */
  on(listener: (update: ModelUpdate) => void): () => void {
    const own = (update: ModelUpdate) => {
      try {
        listener(update);
      } catch (error) {
        // The app's own fault, told where the app's faults are told.
        reportError(error);
      }
    };
    this.#listeners.add(own);
    const last = this.#last;
    if (last !== undefined) queueMicrotask(() => this.#listeners.has(own) && own(last));
    return () => this.#listeners.delete(own);
  }

  emit(update: ModelUpdate): void {
    this.#last = update;
    for (const listener of [...this.#listeners]) listener(update);
  }

  /** Tells nobody any more. */
  end(): void {
    this.#listeners.clear();
  }
}

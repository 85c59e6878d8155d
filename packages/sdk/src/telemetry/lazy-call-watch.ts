import { chunkMissing } from "../chunk-missing.ts";
import type { CallWatch, CallWatchOptions } from "./call-watch.ts";
import type { LazyReporter } from "./lazy-reporter.ts";

/** What looks at calls, as a chunk of its own: there is nothing to look at before there is a model. */
export class LazyCallWatch {
  readonly #reporter: LazyReporter;
  readonly #settings: Omit<CallWatchOptions, "reporter">;
  #loading: Promise<CallWatch> | undefined;
  #loaded: CallWatch | undefined;

  constructor(reporter: LazyReporter, settings: Omit<CallWatchOptions, "reporter">) {
    this.#reporter = reporter;
    this.#settings = settings;
  }

  /** It, once it is there. */
  get loaded(): CallWatch | undefined {
    return this.#loaded;
  }

  /** @throws SelvedgeError `network` where the chunk cannot be loaded; asked for again, it is tried again */
  load(): Promise<CallWatch> {
    this.#loading ??= this.#open().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #open(): Promise<CallWatch> {
    const [{ CallWatch }, reporter] = await Promise.all([
      import("./call-watch.ts").catch(chunkMissing),
      this.#reporter.load(),
    ]);
    this.#loaded = new CallWatch({ reporter, ...this.#settings });
    return this.#loaded;
  }
}

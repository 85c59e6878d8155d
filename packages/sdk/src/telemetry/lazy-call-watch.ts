import { chunkMissing } from "../chunk-missing.ts";
import type { CallWatch, CallWatchOptions } from "./call-watch.ts";
import type { LazyReporter } from "./lazy-reporter.ts";

/** What looks at calls, which comes with the first model: there is nothing to look at before. */
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

  /** Hands over what has gathered, as far as that takes no longer. One that is on its way here ends, too. */
  async end(withinMs: number): Promise<void> {
    await (await this.#loading?.catch(() => undefined))?.end(withinMs);
  }

  async #open(): Promise<CallWatch> {
    const [{ CallWatch }, reporter] = await Promise.all([
      import("../first-model.ts").catch(chunkMissing),
      this.#reporter.load(),
    ]);
    this.#loaded = new CallWatch({ reporter, ...this.#settings });
    return this.#loaded;
  }
}

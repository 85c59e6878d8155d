import type { PackSelector, Progress } from "../worker/keeper-api.ts";
import { type Outcome, outcomeOf } from "../worker/outcome.ts";
import { modelKey } from "./model-key.ts";

/** With a number, so that a Selvedge of later days can say something else on the same origin. */
const CHANNEL = "selvedge:installs:1";

/** How often one who waits asks whether anyone is there. */
const ASK_MS = 2_000;

/** Questions without an answer, after which whoever has the turn is taken to be frozen. */
const MOST_UNANSWERED = 8;

/** `model` is what turns are taken for; a `request` is what has the same answer in every tab. */
type News = { readonly model: string } & (
  | { readonly kind: "question" }
  | { readonly kind: "progress"; readonly request: string; readonly progress: Progress }
  | { readonly kind: "failure"; readonly request: string; readonly outcome: Outcome<never> }
);

/**
 * What an install hears from the one it waits for, and tells those who wait for it. Where there is no
 * BroadcastChannel it hears nothing, and waits all the same.
 */
export class InstallNews {
  readonly #channel: BroadcastChannel | undefined;
  readonly #model: string;
  readonly #request: string;
  readonly #onProgress: (progress: Progress) => void;
  readonly #silence = new AbortController();
  #asking: ReturnType<typeof setInterval> | undefined;
  #unanswered = 0;
  #isLeading = false;
  #latest: Progress;
  #failure: Outcome<never> | undefined;

  /** @param onProgress told how far the same request has come elsewhere, until `lead` */
  constructor(wanted: PackSelector, onProgress: (progress: Progress) => void) {
    this.#model = modelKey(wanted);
    this.#request = JSON.stringify(wanted);
    this.#onProgress = onProgress;
    this.#latest = { phase: "resolve", file: wanted.name, loaded: 0, total: 0 };
    if (typeof BroadcastChannel === "undefined") return;
    this.#channel = new BroadcastChannel(CHANNEL);
    this.#channel.addEventListener("message", ({ data }: MessageEvent<News>) => {
      if (data.model !== this.#model) return;
      if (this.#isLeading) this.#answer(data);
      else this.#hear(data);
    });
    this.#asking = setInterval(() => this.#ask(), ASK_MS);
    this.#post({ kind: "question" });
  }

  /** Fires when whoever has the turn answers no more. */
  get silence(): AbortSignal {
    return this.#silence.signal;
  }

  /**
   * The turn has come: from here on this install is the one that tells.
   *
   * @returns how the same request failed while this one waited for it, if it did
   */
  lead(): Outcome<never> | undefined {
    clearInterval(this.#asking);
    this.#isLeading = true;
    return this.#failure;
  }

  tell(progress: Progress): void {
    this.#latest = progress;
    this.#post({ kind: "progress", request: this.#request, progress });
  }

  async tellFailure(error: unknown): Promise<void> {
    const outcome = await outcomeOf<never>(() => Promise.reject(error));
    this.#post({ kind: "failure", request: this.#request, outcome });
  }

  close(): void {
    clearInterval(this.#asking);
    this.#channel?.close();
  }

  #answer({ kind }: News): void {
    if (kind === "question") this.tell(this.#latest);
  }

  #hear(news: News): void {
    if (news.kind === "question") return;
    this.#unanswered = 0;
    if (news.request !== this.#request) return;
    if (news.kind === "failure") this.#failure = news.outcome;
    else this.#onProgress(news.progress);
  }

  #ask(): void {
    // Questions are counted, not time: that goes on while a device sleeps.
    this.#unanswered += 1;
    if (this.#unanswered > MOST_UNANSWERED) this.#silence.abort();
    else this.#post({ kind: "question" });
  }

  #post(news: DistributiveOmit<News, "model">): void {
    this.#channel?.postMessage({ ...news, model: this.#model });
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

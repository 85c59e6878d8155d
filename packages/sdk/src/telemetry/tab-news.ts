import { isRecord } from "../is-record.ts";

/** With a number, so that a Selvedge of later days can say something else on the same origin. */
const CHANNEL = "selvedge:telemetry:1";

/** What was done to telemetry in one tab, and holds in all. */
export type News =
  | { readonly kind: "denied" }
  /** How often everything has been erased by now. */
  | { readonly kind: "erased"; readonly erasures: number };

/**
 * Tells other tabs at once what they learn from the store when they next come to it: one that goes away
 * before that sends what it has in memory. Where there is no BroadcastChannel, only the store tells them.
 *
 * It is closed while its page is away, as browsers may not keep a page with an open channel for the way
 * back.
 */
export class TabNews {
  readonly #onNews: (news: News) => void;
  readonly #onReturn: () => void;
  readonly #ended = new AbortController();
  #channel: BroadcastChannel | undefined;

  /** @param onReturn told that the page is back, and may have missed some */
  constructor(onNews: (news: News) => void, onReturn: () => void) {
    this.#onNews = onNews;
    this.#onReturn = onReturn;
    const { signal } = this.#ended;
    addEventListener("pagehide", () => this.#close(), { signal });
    addEventListener("pageshow", () => this.#return(), { signal });
    this.#open();
  }

  tell(news: News): void {
    this.#channel?.postMessage(news);
  }

  end(): void {
    this.#ended.abort();
    this.#close();
  }

  #open(): void {
    this.#channel = openChannel();
    this.#channel?.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      const news = soundNews(data);
      if (news !== undefined) this.#onNews(news);
    });
  }

  #return(): void {
    // Browsers say this of a page that has just been loaded as well.
    if (this.#channel !== undefined) return;
    this.#open();
    this.#onReturn();
  }

  #close(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }
}

/** Tells all tabs of the origin, from a page that does not listen. */
export function tellTabs(news: News): void {
  const channel = openChannel();
  channel?.postMessage(news);
  channel?.close();
}

function openChannel(): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(CHANNEL);
  } catch {
    // There is none, or it is refused with the page's storage.
    return undefined;
  }
}

function soundNews(data: unknown): News | undefined {
  if (!isRecord(data)) return undefined;
  const { kind, erasures } = data;
  if (kind === "denied") return { kind };
  return kind === "erased" && typeof erasures === "number" ? { kind, erasures } : undefined;
}

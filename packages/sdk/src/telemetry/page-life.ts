/** Who is told of what becomes of a page. */
interface PageLifeHooks {
  /** It is hidden, and may be frozen or ended without another word. */
  readonly onHide: () => void;
  /** It goes away, or is frozen: nothing that is waited for comes back to it. */
  readonly onLeave: () => void;
  /** It is back from where browsers keep pages for their user. */
  readonly onReturn: () => void;
}

/**
 * Listens to what browsers tell a page of its end, none of which they promise.
 *
 * @see https://developer.chrome.com/docs/web-platform/page-lifecycle-api
 */
export class PageLife {
  readonly #hooks: PageLifeHooks;
  #isAway = false;

  /** @param signal ends it */
  constructor(hooks: PageLifeHooks, signal: AbortSignal) {
    this.#hooks = hooks;
    addEventListener("pagehide", () => this.#goAway(), { signal });
    addEventListener("pageshow", () => this.#comeBack(), { signal });
    addEventListener("visibilitychange", () => this.#changeVisibility(), { signal });
    document.addEventListener("freeze", () => this.#hooks.onLeave(), { signal });
  }

  /** Whether the page has gone away; it may come back from where browsers keep pages for their user. */
  get isAway(): boolean {
    return this.#isAway;
  }

  #goAway(): void {
    this.#isAway = true;
    this.#hooks.onLeave();
  }

  #comeBack(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#hooks.onReturn();
  }

  /**
   * Not where it has gone away and is hidden by that: a transaction that asks the store something would be
   * held open for as long as the browser keeps the page, and no other page could come to the store.
   */
  #changeVisibility(): void {
    if (document.visibilityState === "hidden" && !this.#isAway) this.#hooks.onHide();
  }
}

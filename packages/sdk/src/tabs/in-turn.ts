import { type ErrorCode, SelvedgeError } from "@selvedge/protocol";
import type { PackSelector, Progress } from "../worker/keeper-api.ts";
import { unwrap } from "../worker/outcome.ts";
import { InstallNews } from "./install-news.ts";
import { modelKey } from "./model-key.ts";
import { pause } from "./pause.ts";
import { DOWNLOAD, type TabLocks } from "./tab-locks.ts";

/**
 * What a host did wrong, after all the retries there are: those who waited for this very request meet
 * the same, and need not try in turn. What a page's own options decide is not among them.
 */
const SHARED: readonly ErrorCode[] = ["network", "response-invalid", "integrity"];

/** How long a turn goes on after a failure, so that news of it is there before the next turn. */
const NEWS_MS = 300;

/**
 * Runs an install while no other tab installs the same model. Until its turn comes it shows the
 * progress of whoever has the turn, where that is after the same thing. Everything is planned in the
 * turn, so that what another tab has stored by then is not fetched again; who closes or crashes leaves
 * the turn to the next.
 *
 * @throws what `install` throws, or the `network`, `response-invalid` or `integrity` with which the
 * same request failed in another tab while this one waited for it. Whoever asks after that tries anew.
 */
export async function inTurn<T>(
  locks: TabLocks,
  wanted: PackSelector,
  {
    signal,
    onProgress,
    install,
  }: {
    signal: AbortSignal;
    onProgress: (progress: Progress) => void;
    install: (onProgress: (progress: Progress) => void) => Promise<T>;
  },
): Promise<T> {
  /** How far it was elsewhere, or has come here since. */
  let followed: Progress | undefined;
  const news = new InstallNews(wanted, (progress) => {
    if (progress.total > 0) followed = progress;
    onProgress(progress);
  });
  const tell = (progress: Progress) => {
    news.tell(progress);
    // Whoever was shown how far it is must not see it fall back to nothing.
    if (followed !== undefined && progress.phase === "resolve") return;
    followed &&= progress;
    onProgress(progress);
  };
  /** The turn may come before the last that was told elsewhere. */
  const complete = () => {
    if (followed !== undefined && followed.loaded < followed.total)
      onProgress({ ...followed, loaded: followed.total });
  };
  return new Promise<T>((resolve, reject) => {
    const turn = async () => {
      signal.throwIfAborted();
      const failure = news.lead();
      if (failure !== undefined) unwrap(failure);
      const installing = install(tell).then((installed) => {
        complete();
        return installed;
      });
      resolve(installing);
      try {
        await installing;
      } catch (error) {
        if (!(error instanceof SelvedgeError && SHARED.includes(error.code))) return;
        await news.tellFailure(error);
        await pause(NEWS_MS);
      }
    };
    locks
      .run(DOWNLOAD + modelKey(wanted), turn, { signal, overtake: news.silence })
      .catch(reject)
      .finally(() => news.close());
  });
}

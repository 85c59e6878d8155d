import type { AnsweredCall, CallWatcher } from "../telemetry/answered-call.ts";
import { outputBytes } from "../telemetry/output-bytes.ts";
import type { DistributionPolicy } from "./distribution-policy.ts";
import type { DistributionWatch, DistributionWatchOptions } from "./distribution-watch.ts";

/** Outputs up to this size are copied while what looks at them is on its way. */
const MOST_COPIED_BYTES = 2 ** 20;

/** What counts values of packs that have a reference. */
export interface Distributions
  extends CallWatcher,
    Pick<DistributionWatch, "take" | "flush" | "forget" | "end"> {}

/**
 * Watches answered calls. What looks at them is a chunk of its own, loaded with the first call of a pack
 * that has a reference; calls that are answered meanwhile are passed over, but for that one.
 *
 * @param options.policy absent: nothing is looked at
 */
export function watchDistributions({
  policy,
  ...options
}: Omit<DistributionWatchOptions, "policy"> & {
  readonly policy: DistributionPolicy | undefined;
}): Distributions {
  let watch: DistributionWatch | undefined;
  let loading: Promise<void> | undefined;
  /** Fires where what is kept for the watch is not wanted any more. */
  let waiting = new AbortController();
  let isEnded = false;

  async function begin(first: AnsweredCall, chosen: DistributionPolicy): Promise<void> {
    const { signal } = waiting;
    const isSmall = outputBytes(first.outputs) <= MOST_COPIED_BYTES;
    const call = isSmall ? { ...first, outputs: structuredClone(first.outputs) } : undefined;
    const { DistributionWatch: Watch } = await import("./distribution-watch.ts");
    watch = new Watch({ ...options, policy: chosen });
    if (call !== undefined && !signal.aborted) watch.answered(call);
  }

  function forget(): void {
    waiting.abort();
    waiting = new AbortController();
    watch?.forget();
  }

  function wants({ served }: AnsweredCall): boolean {
    return policy !== undefined && served.opened.reference !== undefined && !isEnded;
  }

  return {
    wants,
    answered(call) {
      if (policy === undefined || !wants(call)) return;
      if (watch !== undefined) watch.answered(call);
      else
        loading ??= begin(call, policy).catch(() => {
          // A page may be offline: asked for again with the next call.
          loading = undefined;
        });
    },
    take: () => watch?.take() ?? [],
    async flush() {
      await loading;
      await watch?.flush();
    },
    forget,
    async end() {
      isEnded = true;
      await loading;
      await watch?.end();
    },
  };
}

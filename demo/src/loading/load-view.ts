import type { FactStrip } from "../ui/fact-strip.ts";
import { formatBytes } from "../ui/quantities.ts";
import type { StatusLine } from "../ui/status-line.ts";
import type { WovenEdge } from "../ui/woven-edge.ts";
import type { TotalProgress } from "./total-progress.ts";

/** Shows a load under way: what is fetched, once, or that nothing is. */
export interface LoadView {
  progress(total: TotalProgress): void;
  /** @returns the sentence that says where the models came from */
  finish(): string;
}

export function createLoadView({
  status,
  edge,
  facts,
}: {
  status: StatusLine;
  edge: WovenEdge;
  facts: FactStrip;
}): LoadView {
  let fetched = 0;
  let sentence = "";
  // A sentence that has not changed is not read out again.
  const say = (next: string) => {
    if (next !== sentence) status.loading(next);
    sentence = next;
  };
  say("Starting the models from this device");
  edge.weave(0);
  edge.setBusy(true);

  return {
    progress({ isDownloading, loaded, total, ...more }) {
      fetched = more.fetched;
      facts.fetched(fetched);
      if (!isDownloading) return;
      const isHere = total > 0 && loaded === total;
      say(isHere ? "Starting the models" : "Fetching the models, this once");
      if (isHere) status.count("");
      else if (total === 0) status.count(`${formatBytes(loaded)} so far`);
      else status.count(`${formatBytes(loaded)} of ${formatBytes(total)}`);
      edge.weave(total === 0 ? 0 : loaded / total);
    },
    finish() {
      edge.weave(1);
      edge.setBusy(false);
      facts.fetched(fetched);
      return fetched === 0
        ? "Ready, from this device"
        : "Ready. The models stay on this device from now on";
    },
  };
}

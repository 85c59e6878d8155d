import { openOffline } from "../offline/keep-offline.ts";
import { showNetwork } from "../offline/show-network.ts";
import { element } from "../ui/element.ts";
import { createWovenEdge } from "../ui/woven-edge.ts";
import { createReportCopy } from "./report-copy.ts";
import { showDevice } from "./show-device.ts";
import { showFindings, showProblem } from "./show-findings.ts";
import { showModels } from "./show-models.ts";
import { watchDevice } from "./watch-device.ts";

const edge = createWovenEdge();
const report = createReportCopy();
const again = element("again", HTMLButtonElement);

showNetwork();
void start();

async function start(): Promise<void> {
  edge.setBusy(true);
  // What is fetched then goes by the service worker, which keeps it.
  await openOffline().catch(() => false);
  const device = watchDevice((seen) => {
    const decided = seen.loads.filter(({ state }) => state !== "loading").length;
    edge.weave(decided / seen.loads.length);
    edge.setBusy(seen.diagnosis === undefined || decided < seen.loads.length);
    showModels(seen, (name) => device.load(name));
    again.disabled = seen.diagnosis === undefined && seen.problem === undefined;
    if (seen.problem) showProblem(seen.problem);
    if (seen.diagnosis === undefined) return;
    if (!seen.problem) showFindings(seen.diagnosis);
    showDevice(seen.diagnosis);
    report.show(seen.diagnosis);
  });
  again.addEventListener("click", () => {
    again.disabled = true;
    device.look();
  });
  device.look();
}

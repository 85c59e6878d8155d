import type { LoadOptions } from "selvedge";
import { loadModels, MODEL_NAMES, type Models } from "./loading/load-models.ts";
import { createLoadView } from "./loading/load-view.ts";
import { keepOffline, openOffline } from "./offline/keep-offline.ts";
import { showNetwork } from "./offline/show-network.ts";
import { newestWins } from "./reading/newest-wins.ts";
import { openVision, type Vision } from "./reading/open-vision.ts";
import { readPicture } from "./reading/read-picture.ts";
import { createReadingView } from "./reading/reading-view.ts";
import { createDrawSwitch } from "./ui/draw-switch.ts";
import { explain, findMissing, UnsupportedPageError } from "./ui/explain.ts";
import { createFactStrip } from "./ui/fact-strip.ts";
import { createLanguagePanel } from "./ui/language-panel.ts";
import { takePictures } from "./ui/picture-intake.ts";
import { createPictureStage } from "./ui/picture-stage.ts";
import { offerSamples } from "./ui/sample-pictures.ts";
import { createSentDrawer } from "./ui/sent-drawer.ts";
import { createStatusLine } from "./ui/status-line.ts";
import { createWovenEdge } from "./ui/woven-edge.ts";
import { isUnreadablePicture } from "./vision/unreadable-picture.ts";

const status = createStatusLine();
const edge = createWovenEdge();
const facts = createFactStrip();
const stage = createPictureStage();
const view = createReadingView();
const asNewest = newestWins();

let desk: { readonly models: Models; readonly vision: Vision } | undefined;
/** Reads the picture that came before the models did. */
let readWaiting: (() => void) | undefined;

const sent = createSentDrawer(MODEL_NAMES, () => void desk?.models.flushTelemetry());
const languages = createLanguagePanel((error, again) => status.error(explain(error), again));
const drawing = createDrawSwitch(stage, {
  onPicture: (picture) => void read(picture, { isDrawn: true }),
  onChange(isDrawing) {
    readWaiting = undefined;
    void asNewest(async () => {
      view.clear(isDrawing ? "Write on the sheet. It is read whenever you pause." : "");
      if (desk) settle("Ready, from this device");
    });
  },
});
showNetwork();
takePictures((picture) => void read(picture));
offerSamples((picture) => void read(picture), showFailure);
void start();

async function start(): Promise<void> {
  const load = createLoadView({ status, edge, facts });
  try {
    const missing = findMissing();
    if (missing) throw new UnsupportedPageError(missing);
    const wasControlled = await openOffline().catch(() => false);
    const models = await loadModels({
      backend: wantedBackend(),
      onProgress: load.progress,
      onAnswer: sent.count,
      onSend: sent.add,
    });
    const vision = openVision((error) => status.error(explain(error), () => location.reload()));
    await vision.learnKeys(models.keys);
    desk = { models, vision };
    const { backend, build } = models.detector;
    facts.backend(backend);
    languages.useIdentifier(models.languages);
    const whence = load.finish();
    if (readWaiting) readWaiting();
    else settle(whence);
    keepOffline(build, { wasControlled }).then(facts.offline, () => facts.offline(false));
  } catch (error) {
    edge.setBusy(false);
    status.error(explain(error), () => void start());
  }
}

async function read(picture: Blob, { isDrawn = false } = {}): Promise<void> {
  if (!isDrawn) {
    drawing.leave();
    view.clear("");
  }
  if (desk) {
    status.working("Looking for text");
    edge.setBusy(true);
  }
  try {
    await asNewest(async (signal) => {
      if (!isDrawn) await stage.show(picture);
      signal.throwIfAborted();
      if (desk === undefined) {
        readWaiting = () => void read(picture, { isDrawn });
        return;
      }
      const times = await readPicture(picture, { ...desk, events: view, signal });
      if (signal.aborted) return;
      facts.backend(desk.models.detector.backend);
      facts.times(times);
      settle(summaryOf(times.lines));
    });
  } catch (error) {
    if (!isUnreadablePicture(error))
      return showFailure(error, () => void read(picture, { isDrawn }));
    stage.showInvitation();
    settle("That file is not a picture", "Choose a PNG, JPEG, WebP, GIF or AVIF file.");
  }
}

/** The newest thing is done with. While the models are on their way, the page goes on loading. */
function settle(sentence: string, advice?: string): void {
  if (desk === undefined) {
    status.loading(sentence);
    return;
  }
  edge.setBusy(false);
  status.ready(sentence, advice);
}

function showFailure(error: unknown, again: () => void): void {
  edge.setBusy(false);
  status.error(explain(error), again);
}

function summaryOf(lines: number): string {
  if (lines === 0) return "No text found";
  return lines === 1 ? "1 line, read on this device" : `${lines} lines, read on this device`;
}

function wantedBackend(): NonNullable<LoadOptions["backend"]> {
  const wanted = new URLSearchParams(location.search).get("backend");
  return wanted === "wasm" || wanted === "webgpu" ? wanted : "auto";
}

import { settingsKey, soundSettings } from "../../proving/settings-record.ts";
import { activationKey } from "../../store/activations.ts";
import type {
  Database,
  ImageRecord,
  PackChoice,
  RuntimeIndexRecord,
} from "../../store/database.ts";
import { soundActivation } from "../../store/sound-record.ts";
import type {
  PackRequest,
  RuntimeRequest,
  SessionHow,
  SessionSettings,
} from "../../worker/engine-api.ts";
import { keyFor } from "./image-subject.ts";
import { askAgain, fetchIndex, indexUrl, renewIndex, soundIndex } from "./known-index.ts";
import { readImage } from "./read-image.ts";
import type { EarlyPages } from "./read-pages.ts";
import { soundImage } from "./sound-image.ts";
import { USUAL, type WasmPlan } from "./wasm-plan.ts";

/** A session that is to be opened, and how its worker was started. */
export interface Opening {
  readonly request: PackRequest;
  readonly how: SessionHow;
  readonly runtime: RuntimeRequest;
  /** What is being read already, as it is likely woken. */
  readonly early?: EarlyPages | undefined;
  /** The memory that what is woken will have. */
  readonly memory: () => Promise<WebAssembly.Memory>;
}

/** What the store knows of a session that is to be opened. */
interface Known {
  readonly choice: PackChoice;
  readonly images: readonly ImageRecord[];
  readonly runtimes: RuntimeIndexRecord | undefined;
  readonly settings: SessionSettings | undefined;
}

/**
 * Finds out which wasm a session needs, and whether there is an image of it to wake. The wasm then
 * streams while the image is read. Never rejects: whatever is wrong means a normal load.
 */
export async function planRuntime(database: Database, opening: Opening): Promise<WasmPlan> {
  try {
    const onLack = () => askAgain(database, opening.runtime.assets);
    return { ...(await plan(database, opening)), onLack };
  } catch (error) {
    return { wasm: USUAL, reason: error instanceof Error ? error.message : String(error) };
  }
}

async function plan(
  database: Database,
  { request, how, runtime, early, memory }: Opening,
): Promise<WasmPlan> {
  const { backend, wake = "none" } = how;
  if (backend !== "wasm" || runtime.build !== "wasm" || runtime.engine !== "onnx")
    return { wasm: USUAL, reason: "only onnxruntime's WASM is woken" };
  const fresh =
    runtime.isForImage === true
      ? fetchIndex(database, runtime.assets).catch(() => undefined)
      : undefined;
  const known = await lookUp(database, request, runtime.assets);
  renewIndex(database, runtime.assets, known?.runtimes);
  const index = (await fresh) ?? (await soundIndex(known?.runtimes));
  if (known === undefined || index === undefined)
    return { wasm: USUAL, reason: "no runtimes are known" };
  const fitted =
    index.load?.packs.includes(known.choice.digest) === true && runtime.isFull !== true
      ? index.load
      : undefined;
  const load = { wasm: fitted === undefined ? USUAL : ({ kind: "load", ref: fitted } as const) };
  if (runtime.isForImage === true)
    return {
      index,
      wasm: fitted === undefined ? { kind: "full", ref: index.full } : load.wasm,
      reason: "it is to be written down",
    };
  if (wake === "none") return { ...load, index, reason: "it was not asked for" };
  const { waking } = index;
  if (waking === undefined)
    return { ...load, index, reason: index.reason ?? "this runtime cannot be woken" };
  const key = await keyFor(index, known.choice, { ...known.settings, ...how });
  const image = known.images.find((one) => one.key === key);
  if (image?.kind !== "kept") return { ...load, index, reason: whyNone(known, image) };
  const { run } = index;
  const step = wake === "run" && run !== undefined ? "run" : "full";
  return {
    index,
    wasm: step === "run" && run ? { kind: "run", ref: run } : { kind: "full", ref: index.full },
    toWake: {
      ...known.choice,
      key,
      step,
      image: readImage(database, image, { facts: waking, early, memory }),
    },
    reason: wake === step ? "as asked" : "no runtime that only runs",
  };
}

function whyNone({ images, choice }: Known, barred: ImageRecord | undefined): string {
  if (barred !== undefined && "reason" in barred) return `${barred.kind}: ${barred.reason}`;
  return images.some((one) => one.kind === "kept" && one.dtype === choice.dtype)
    ? "the image is one of another runtime, model or options"
    : "there is no image yet";
}

/** Looks up, in one transaction, what answers and what there is to wake it from. */
async function lookUp(
  database: Database,
  request: PackRequest,
  assets: string,
): Promise<Known | undefined> {
  // What is kept in memory is gone with the page, and its image would be left behind.
  if (request.by === "bytes") return undefined;
  const stores = ["activations", "images", "runtimes", "verdicts"] as const;
  return database.read(
    { doing: "looking for an image", stores, nothing: undefined },
    async (transaction) => {
      const from = transaction.objectStore("activations");
      const choice =
        request.by === "digest"
          ? { digest: request.digest, dtype: request.dtype }
          : soundActivation(await from.get(activationKey(request.selector)))?.current;
      if (choice === undefined) return undefined;
      const settingsOf = settingsKey(choice.digest, choice.dtype);
      const [images, runtimes, settings] = await Promise.all([
        (async () => transaction.objectStore("images").index("pack").getAll(choice.digest))(),
        (async () => transaction.objectStore("runtimes").get(indexUrl(assets)))(),
        (async () => transaction.objectStore("verdicts").get(settingsOf))(),
      ]);
      return {
        choice,
        images: images.flatMap((one) => soundImage(one) ?? []),
        runtimes,
        settings: soundSettings(settings, settingsOf),
      };
    },
  );
}

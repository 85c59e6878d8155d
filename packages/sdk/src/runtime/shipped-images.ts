/**
 * What waking from an image takes that ships with a pack: a first visit's, so that it is a file beside the
 * runtime's, which engine workers import where they need it, and no part of what every visit loads.
 */
import {
  architecture,
  commitToTensors,
  type ImageHead,
  parseBareImage,
  parseImageDifference,
  pieceRange,
  putTogether,
  type RuntimeIndex,
  type ShippedImage,
  type Variant,
} from "@selvedge/protocol";
import { Gunzip } from "../delivery/gunzip.ts";
import { pieceId, pieceKeys } from "../store/pieces.ts";

export { shippedImages } from "@selvedge/protocol";

/** What images were tested on; see `architecture`. */
const TESTED = "x86";

/** Of a wasm, what hosts send that compress. Whether this one does, no index says. */
const PACKED = 1 / 4;

/** What a session would be that is created here, and what it would run in. */
interface Wanted {
  /** Digest of the pack. */
  readonly pack: string;
  readonly index: RuntimeIndex;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Ids of the pieces that the device lacks of some blobs. */
  readonly missing: (blobs: Blobs) => Promise<ReadonlySet<string>>;
}

type Blobs = Parameters<typeof pieceKeys>[0][];

/**
 * Chooses the image of a variant that can be woken here.
 *
 * @throws Error saying why none can, or why loading takes no more to download
 */
export async function chooseImage(
  { graph, tensors, images = [] }: Variant,
  { pack, index, settings, missing }: Wanted,
): Promise<ShippedImage> {
  if (images.length === 0) throw new Error("no image of it ships with the pack");
  const { full, glue, run, load, version } = index;
  if (run?.packs.includes(pack) !== true)
    throw new Error("the page's runtimes were not fitted to the pack");
  const ofRuntime = images.filter(
    ({ runtime, settings: created }) =>
      runtime.version === version &&
      runtime.wasm === full.sha256 &&
      runtime.glue === glue.sha256 &&
      isSame(created, settings),
  );
  if (ofRuntime.length === 0)
    throw new Error(
      "the image that ships with the pack is one of another runtime, or of other options",
    );
  const here = architecture();
  const image = ofRuntime.find(
    ({ madeOn }) => madeOn.host === "node" && madeOn.architecture === TESTED && here === TESTED,
  );
  if (image === undefined)
    throw new Error("the image that ships with the pack was made for another processor");
  const bytesOf = async (blobs: Blobs) => missingBytes(blobs, await missing(blobs));
  const toWake = PACKED * run.bytes + (await bytesOf([image.bare, image.difference]));
  const toLoad = PACKED * (load ?? full).bytes + (await bytesOf([graph, ...tensors]));
  if (toWake < toLoad) return image;
  throw new Error(
    `waking would take ${Math.round(toWake)} bytes, and loading ${Math.round(toLoad)}`,
  );
}

/**
 * Makes a device's own image of the two files that ship.
 *
 * @param key that it is to be known by here
 * @throws SelvedgeError `integrity`, RangeError or TypeError where they are not what was written down
 */
export async function assembleImage(
  { bare, difference }: Pick<ShippedImage, "bare" | "difference">,
  files: readonly ArrayBuffer[],
  key: string,
): Promise<{ readonly head: ImageHead; readonly pages: Uint8Array<ArrayBuffer> }> {
  const [runtime, model] = await Promise.all(
    [bare, difference].map(({ unpackedBytes }, i) => unpack(files[i], unpackedBytes)),
  );
  if (runtime === undefined || model === undefined) throw new Error("an image is two files");
  const shipped = parseImageDifference(model);
  const pages = await putTogether(parseBareImage(runtime), shipped);
  const { changed: _, answers, ...engine } = shipped.head;
  return { head: { ...engine, key, answers: await commitToTensors(key, answers) }, pages };
}

async function unpack(
  file: ArrayBuffer | undefined,
  unpackedBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const gunzip = new Gunzip(unpackedBytes);
  await gunzip.write(new Uint8Array(file ?? new ArrayBuffer(0)));
  return gunzip.end();
}

function isSame(
  created: ShippedImage["settings"],
  settings: Readonly<Record<string, unknown>>,
): boolean {
  const names = new Set([...Object.keys(created), ...Object.keys(settings)]);
  return [...names].every((name) => created[name] === settings[name]);
}

function missingBytes(blobs: Blobs, missing: ReadonlySet<string>): number {
  return blobs
    .flatMap((blob) => pieceKeys(blob).map((key) => ({ key, bytes: blob.bytes })))
    .filter(({ key }) => missing.has(pieceId(key)))
    .map(({ key, bytes }) => pieceRange(bytes, key[1]))
    .reduce((sum, { start, end }) => sum + end - start, 0);
}

import {
  type BlobRef,
  formatImageHead,
  type Manifest,
  parseManifest,
  type RuntimeIndex,
  SelvedgeError,
  type ShippedImage,
} from "@selvedge/protocol";
import type * as Shipped from "../../runtime/shipped-images.ts";
import { chooseVariant } from "../../store/choose-variant.ts";
import type { Database } from "../../store/database.ts";
import { neededBlobs, totalBytes } from "../../store/packs.ts";
import { dropPieces, missingPieces, pieceKeys, readBlobs } from "../../store/pieces.ts";
import type { Considered, ImageAt, RuntimeRequest } from "../../worker/engine-api.ts";
import type { PackOffer } from "../../worker/keeper-api.ts";
import type { FoundPack } from "../open-pack.ts";
import { readSettings } from "../read-settings.ts";
import { importFile } from "../runtime-file.ts";
import { RUNTIME_FOLDER, SHIPPED_IMAGES } from "../runtime-files.ts";
import { refused } from "./hibernate.ts";
import { keepImage, quarantineOf } from "./image-store.ts";
import { keyFor } from "./image-subject.ts";
import { findIndex } from "./known-index.ts";
import { planAhead } from "./plan-ahead.ts";
import { type SoundImage, soundImageOf } from "./read-image.ts";
import type { WasmPlan } from "./wasm-plan.ts";

/** An image that ships with a pack, and what it is to be here. */
interface Offered {
  readonly pack: FoundPack;
  readonly shipped: ShippedImage;
  readonly chunk: typeof Shipped;
  readonly key: string;
  /** Rejects where it is not what it should be. */
  readonly image: Promise<SoundImage>;
}

/**
 * What an engine worker does while the store has nothing of the pack that it is for: its wasm waits until
 * it is known whether the pack comes with an image that wakes here in less. Pages without keys never
 * begin one.
 */
export class FirstVisit {
  readonly plan: Promise<WasmPlan>;
  /** Whether a runtime waits for the plan. */
  #isAwaited = false;
  readonly #database: Database;
  readonly #planAhead: ReturnType<typeof planAhead>;
  #decide: (plan: WasmPlan | Promise<WasmPlan>) => void = () => undefined;
  #arrive: (isThere: boolean) => void = () => undefined;
  /** Whether the files of the image came. */
  readonly #arrival: Promise<boolean>;
  #chunk: Promise<typeof Shipped | undefined> | undefined;
  #index: Promise<RuntimeIndex | undefined> | undefined;
  #offered: Offered | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#planAhead = planAhead(database);
    this.plan = new Promise((resolve) => {
      this.#decide = resolve;
    });
    this.#arrival = new Promise((resolve) => {
      this.#arrive = resolve;
    });
  }

  /**
   * Has the runtime wait for what is decided. What it takes to wake is asked for meanwhile, as the registry
   * is by the page.
   */
  begin(request: RuntimeRequest): Promise<WasmPlan> {
    this.#isAwaited = true;
    this.#index = findIndex(this.#database, request.assets).catch(() => undefined);
    this.#chunk = this.#index.then((index) => {
      if (index?.run !== undefined)
        return importFile(`${request.assets}${RUNTIME_FOLDER}/${SHIPPED_IMAGES}`);
      // There is nothing to wait for where nothing can be woken.
      this.loadInstead(request);
      return undefined;
    });
    this.#chunk.catch(() => undefined);
    return this.plan;
  }

  /** The pack is loaded: as was planned, or as it usually is. What was decided before holds. */
  loadInstead(how: RuntimeRequest | Promise<WasmPlan>): void {
    this.#arrive(false);
    if (!this.#isAwaited) return;
    this.#isAwaited = false;
    this.#decide(how instanceof Promise ? how : this.#planAhead(how));
  }

  /** @throws Error saying why it has to be loaded */
  async consider({ manifest: text, signedBy, ...offer }: PackOffer): Promise<Considered> {
    const [index, chunk] = await Promise.all([this.#index, this.#chunk]);
    const { waking, run } = index ?? {};
    if (index === undefined || chunk === undefined || waking === undefined || run === undefined)
      throw new Error(index?.reason ?? "the page hosts no runtime that only runs");
    const manifest = parseManifest(text, "manifest", { images: chunk.shippedImages });
    const variant = chooseVariant(manifest, offer);
    const { digest } = offer;
    const { dtype } = variant;
    const bytes = totalBytes(neededBlobs(manifest, variant));
    const pack = { digest, manifest, variant, signedBy, bytes };
    const how = { ...(await readSettings(this.#database, pack)), backend: "wasm" } as const;
    const missing = (blobs: Parameters<typeof missingPieces>[1]) =>
      missingPieces(this.#database, blobs);
    const shipped = await chunk.chooseImage(variant, {
      pack: digest,
      index,
      settings: how,
      missing,
    });
    const key = await keyFor(index, { digest, dtype }, how);
    const quarantine = await quarantineOf(this.#database, key);
    if (quarantine !== undefined) throw new Error(`it is quarantined: ${quarantine}`);
    const image = this.#arrival.then(async (isThere) => {
      if (!isThere) throw new Error("its files did not come");
      const startedAt = performance.now();
      const made = await this.#assemble({ shipped, chunk, key });
      // Its files are pieces there.
      const at = { key, place: "indexeddb", bytes: made.pages.byteLength } as const;
      return soundImageOf({ ...made, at }, waking, performance.now() - startedAt);
    });
    image.catch(() => undefined);
    this.#offered = { pack, shipped, chunk, key, image };
    this.#isAwaited = false;
    const toWake = { digest, dtype, key, step: "run", image } as const;
    const reason = "by the image that ships with the pack";
    this.#decide({ wasm: { kind: "run", ref: run }, toWake, index, reason });
    return { dtype, blobs: [shipped.bare, shipped.difference, ...goldenOf(manifest)] };
  }

  /**
   * The pack that was considered, once its image is whole. What it needs is in the store.
   *
   * @throws SelvedgeError `no-candidate` where the image is not what it should be
   */
  async open(): Promise<FoundPack> {
    const { pack, image } = this.#require();
    this.#arrive(true);
    await image.catch((cause: unknown) => {
      throw refusal(cause instanceof Error ? cause.message : String(cause));
    });
    return pack;
  }

  /**
   * Keeps the image as the device's own, and gives up what only this model needed of it. The bare runtime
   * is left for the next model that ships one, until room is needed.
   */
  async keep(): Promise<ImageAt> {
    const offered = this.#require();
    const { key, shipped } = offered;
    const { digest: pack, variant } = offered.pack;
    const { head, pages } = await this.#assemble(offered);
    const record = { key, pack, dtype: variant.dtype, head: formatImageHead(head) };
    const { place } = await keepImage(this.#database, record, pages);
    await dropPieces(this.#database, pieceKeys(shipped.difference));
    return { key, bytes: pages.byteLength, place };
  }

  async #assemble({ shipped, chunk, key }: Pick<Offered, "shipped" | "chunk" | "key">) {
    const files = await readBlobs(this.#database, [shipped.bare, shipped.difference]);
    return chunk.assembleImage(shipped, files, key);
  }

  #require(): Offered {
    if (this.#offered === undefined) throw refused("it was not woken from one that ships");
    return this.#offered;
  }
}

/** Why what ships with a pack is not woken. */
export function refusal(reason: string): SelvedgeError {
  return new SelvedgeError("no-candidate", `The image that ships with the pack: ${reason}.`);
}

function goldenOf({ golden }: Manifest): BlobRef[] {
  return golden.cases.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
}

import type { Database } from "../store/database.ts";
import type { HeadStart, RuntimeRequest } from "../worker/engine-api.ts";
import { askAgain } from "./image/known-index.ts";
import { EarlyPages } from "./image/read-pages.ts";
import { EarlyModule } from "./onnx/early-module.ts";
import { importOnnxRuntime } from "./onnx/onnx-runtime.ts";
import { RUNTIME_FOLDER } from "./runtime-files.ts";

/**
 * What a worker has begun before it was asked for anything, as the page's last visit ended with it. It is
 * used where it turns out to be what is asked for, and let go where it is not.
 */
export class BegunStart {
  readonly #assets: string;
  readonly #module: EarlyModule | undefined;
  readonly #pages: EarlyPages | undefined;

  constructor(database: Database, { assets, wasm, image, isNew }: HeadStart) {
    const folder = `${assets}${RUNTIME_FOLDER}/`;
    this.#assets = assets;
    this.#module = wasm && new EarlyModule(folder, wasm);
    this.#pages = image && new EarlyPages(database, image);
    // What fails here fails again where it is asked for, and is told there.
    void database.canOpen();
    if (isNew === true) askAgain(database, assets);
    importOnnxRuntime(folder, "wasm").catch(() => undefined);
  }

  /** What of it was asked for. */
  take({ assets, early, earlyImage }: RuntimeRequest): {
    readonly begun?: EarlyModule | undefined;
    readonly pages?: EarlyPages | undefined;
  } {
    const isHere = assets === this.#assets;
    const begun = isHere && early?.module === undefined && this.#module?.is(early);
    const pages = this.#pages?.isOf(earlyImage);
    if (!begun) this.#module?.giveUp();
    if (!pages) this.#pages?.letGo();
    return { ...(begun && { begun: this.#module }), ...(pages && { pages: this.#pages }) };
  }
}

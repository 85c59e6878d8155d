import type { RuntimeFileRef } from "@selvedge/protocol";
import type { EarlyWasm } from "../../worker/engine-api.ts";
import { streamModule } from "../runtime-file.ts";

/**
 * A wasm that is compiled before it is known to be the one that is needed. It was pinned by whoever
 * remembered it; nothing is run of it before the runtime's index has named the same.
 */
export class EarlyModule {
  readonly #sha256: string;
  readonly #giveUp = new AbortController();
  readonly #module: Promise<WebAssembly.Module | undefined>;

  /** @param folder URL of the runtime's files, with a slash at its end */
  constructor(folder: string, { file, sha256, module }: EarlyWasm) {
    this.#sha256 = sha256;
    // What fails here is asked for again, and fails there.
    this.#module =
      module === undefined
        ? streamModule(folder + file, this.#giveUp.signal, sha256).catch(() => undefined)
        : Promise.resolve(module);
  }

  /** The Module, where it is what is needed and could be had; what is left of another is given up. */
  async take(needed: RuntimeFileRef | undefined): Promise<WebAssembly.Module | undefined> {
    if (this.is(needed)) return this.#module;
    this.giveUp();
    return undefined;
  }

  is(wasm: Pick<RuntimeFileRef, "sha256"> | undefined): boolean {
    return wasm?.sha256 === this.#sha256;
  }

  giveUp(): void {
    this.#giveUp.abort();
  }
}

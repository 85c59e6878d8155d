import { NOISY, NOISY_INPUT, versionThatAnswers } from "../fixtures/noisy-model.ts";
import type { WebDriver } from "./web-driver.ts";

/** What came of a load: the version whose answers were given, or the code of the error. */
export interface Outcome {
  readonly served?: string | undefined;
  readonly code?: string;
  readonly message?: string;
}

/** What a page says of itself before any model is asked for. */
export interface PageFacts {
  readonly hasStorageManager: boolean;
  readonly hasLocks: boolean;
}

/** Someone with the bare page open, on models of another host. */
export class Visitor {
  readonly #browser: WebDriver;
  readonly #page: string;
  readonly #registry: string;

  constructor(browser: WebDriver, { page, registry }: { page: string; registry: string }) {
    this.#browser = browser;
    this.#page = page;
    this.#registry = registry;
  }

  /** Opens the page anew in the tab that is looked at. */
  async open(): Promise<PageFacts> {
    await this.#browser.goto(this.#page);
    return this.#browser.run(async (registry) => {
      while (document.body?.dataset["ready"] !== "true")
        await new Promise((resolve) => setTimeout(resolve, 20));
      window.selvedge = selvedgeModule.createSelvedge({ registry });
      return { hasStorageManager: "storage" in navigator, hasLocks: "locks" in navigator };
    }, this.#registry);
  }

  /** Loads the model with the handle that the page has, and asks it something. */
  async load(name: string = NOISY): Promise<Outcome> {
    await this.begin(name);
    return this.end();
  }

  /** Begins to load, and leaves it to itself. */
  begin(name: string = NOISY): Promise<void> {
    return this.#browser.run(
      ({ name, input }) => {
        const work = async () => {
          const model = await window.selvedge.load(name);
          const x = {
            type: "float32" as const,
            data: window.Float32Array.from(input),
            dims: [1, input.length],
          };
          const { outputs } = await model.predict({ x });
          await model.dispose();
          return { answer: Array.from(outputs["y"]?.data as Float32Array) };
        };
        window.loading = work().catch((error) => ({
          code: String(error.code ?? error.name),
          message: String(error.message),
        }));
      },
      { name, input: NOISY_INPUT },
    );
  }

  /** Waits for what was begun. */
  async end(): Promise<Outcome> {
    const outcome = await this.#browser.run(() => window.loading);
    return "answer" in outcome ? { served: versionThatAnswers(outcome.answer) } : outcome;
  }

  availability(name: string = NOISY): Promise<{ state: string; reasons: readonly string[] }> {
    return this.#browser.run((name) => window.selvedge.availability(name), name);
  }

  /** Deletes what the device keeps of models. */
  forget(): Promise<void> {
    return this.#browser.run(() => window.selvedge.cache.clear());
  }

  /** Flips a bit in the middle of the largest piece that is stored. @returns how many bytes that has */
  damage(): Promise<number> {
    return this.#browser.run(
      () =>
        new Promise<number>((resolve, reject) => {
          const opening = indexedDB.open("selvedge");
          opening.onerror = () => reject(opening.error);
          opening.onsuccess = () => {
            const database = opening.result;
            const transaction = database.transaction("pieces", "readwrite");
            const store = transaction.objectStore("pieces");
            let bytes = 0;
            const keys = store.getAllKeys();
            const values = store.getAll();
            values.onsuccess = () => {
              const sizes = values.result.map((value: ArrayBuffer) => value.byteLength);
              bytes = Math.max(...sizes);
              const index = sizes.indexOf(bytes);
              const view = new Uint8Array(values.result[index]);
              const middle = bytes >> 1;
              view[middle] = (view[middle] ?? 0) ^ 4;
              store.put(view.buffer, keys.result[index]);
            };
            transaction.oncomplete = () => {
              database.close();
              resolve(bytes);
            };
            transaction.onerror = () => reject(transaction.error);
          };
        }),
    );
  }
}

declare global {
  var selvedge: import("selvedge").Selvedge;
  /** The load that is under way. */
  var loading: Promise<{ answer: number[] } | { code: string; message: string }>;
}

import type { PackSelector } from "../worker/keeper-api.ts";

/** Manifests of updates that were found, until they are stored: between the two nothing is fetched twice. */
export class FoundManifests {
  readonly #texts = new Map<string, { readonly digest: string; readonly text: string }>();

  /** Remembers one for each model. */
  keep({ registry, name }: PackSelector, found: { digest: string; text: string }): void {
    this.#texts.set(registry + name, { digest: found.digest, text: found.text });
  }

  find({ registry, name }: PackSelector, digest: string): string | undefined {
    const found = this.#texts.get(registry + name);
    return found?.digest === digest ? found.text : undefined;
  }
}

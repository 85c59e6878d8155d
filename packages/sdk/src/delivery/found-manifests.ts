import type { ResolvedPack } from "../channel/resolve.ts";
import { activationKey } from "../store/activations.ts";
import type { PackSelector } from "../worker/keeper-api.ts";

/** Manifests of updates that were found, until they are stored: between the two nothing is fetched twice. */
export class FoundManifests {
  readonly #texts = new Map<string, { readonly digest: string; readonly text: string }>();

  /** By what they were asked for as, until they are installed. */
  readonly #offered = new Map<string, ResolvedPack>();

  /** Remembers a pack that the page is told of, so that this very one is installed. */
  offer(selector: PackSelector, pack: ResolvedPack): void {
    this.#offered.set(activationKey(selector), pack);
  }

  offered(selector: PackSelector): ResolvedPack | undefined {
    return this.#offered.get(activationKey(selector));
  }

  /** The same, once. */
  take(selector: PackSelector): ResolvedPack | undefined {
    const pack = this.offered(selector);
    this.#offered.delete(activationKey(selector));
    return pack;
  }

  /** Remembers one for each model. */
  keep({ registry, name }: PackSelector, found: { digest: string; text: string }): void {
    this.#texts.set(registry + name, { digest: found.digest, text: found.text });
  }

  find({ registry, name }: PackSelector, digest: string): string | undefined {
    const found = this.#texts.get(registry + name);
    return found?.digest === digest ? found.text : undefined;
  }
}

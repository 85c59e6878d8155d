import { SelvedgeError } from "@selvedge/protocol";
import type { LoadOptions } from "../options.ts";
import { backendsOf } from "../proving/candidates.ts";
import type { Availability, PackSelector } from "../worker/keeper-api.ts";
import type { KeeperClient } from "../worker/keeper-client.ts";
import { nameOf, selectorAt, surveyPlaces } from "./survey-places.ts";

/**
 * Whether a model can be used on one of the backends that are asked for: what the first place there is
 * would take, and why none comes before it.
 */
export async function availableInOrder(
  keeper: KeeperClient,
  selector: PackSelector,
  options: LoadOptions,
): Promise<Availability> {
  try {
    const { rungs, rejected, contents } = await surveyPlaces({ keeper }, selector, options);
    const [first] = rungs;
    // Backends that come behind the first place's are not in question.
    const order = backendsOf(options.backend ?? "auto");
    const asked =
      first === undefined ? order : order.slice(0, order.indexOf(first.place.backend) + 1);
    const reasons = rejected
      .filter(({ place }) => asked.includes(place.backend))
      .map((rung) => `${nameOf(rung)}: ${rung.reason}.`);
    if (first === undefined) return { state: "unavailable", bytes: 0, reasons };
    const wanted = selectorAt(first, selector, contents.variants);
    const available = await keeper.call(
      (remote, call) => remote.availability(call, wanted),
      options.signal,
    );
    return { ...available, reasons: [...reasons, ...available.reasons] };
  } catch (error) {
    if (!(error instanceof SelvedgeError)) throw error;
    return { state: "unavailable", bytes: 0, reasons: [error.message] };
  }
}

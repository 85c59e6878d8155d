import { requireProof } from "../proving/require-proof.ts";
import { forgetVerdict } from "../proving/verdicts.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import { checkSoon } from "./after-start.ts";
import { Descent } from "./descent.ts";
import type { Rung } from "./ladder.ts";
import type { LoadRooms } from "./load-rooms.ts";
import { openOrComplete, type Proven } from "./open-proven.ts";
import type { HostOpened } from "./pack-opener.ts";
import type { Served } from "./served.ts";

/** What a supervisor needs once an engine has failed twice. */
export interface Failover {
  readonly descend: (origin: Served) => Descent;
  /** A rung that was proven has failed: it is to be proven again before it is relied on. */
  readonly doubt: (rung: Rung, opened: Pick<HostOpened, "digest">) => Promise<void>;
}

/**
 * The ways down from what a selector means. Its own chunk: it comes with what happens behind a model.
 *
 * @param onLost told of each rung that was given up once another answers in its place
 */
export function failoverOf(
  rooms: LoadRooms,
  selector: PackSelector,
  onLost: (rung: Rung) => void,
): Failover {
  return {
    descend: (origin) =>
      new Descent(origin, (rung, { opened }, signal) =>
        openRung(rooms, { selector, rung, opened, signal }),
      ),
    async doubt(rung, { digest }) {
      await forgetVerdict(rooms.keeper, digest, rung);
      onLost(rung);
    },
  };
}

/** What is to be opened: another rung of a version that has been opened before. */
interface Wanted {
  readonly selector: PackSelector;
  readonly rung: Rung;
  readonly opened: Pick<HostOpened, "digest" | "name" | "version">;
  readonly signal: AbortSignal;
}

/**
 * Opens another rung, in an engine of its own. One that is not WASM gives its golden answers before it
 * answers anyone. An engine that fails ends.
 *
 * @throws SelvedgeError `no-candidate` where the golden answers do not hold; what opening throws.
 */
async function openRung(
  rooms: LoadRooms,
  { selector, rung: { place, dtype }, opened: before, signal }: Wanted,
): Promise<Proven> {
  const { digest, name, version } = before;
  const { backend, features } = place;
  const wanted = { ...selector, version, dtype, backend, features };
  const choice = { digest, dtype, origin: { name, version } };
  const host = rooms.newHost(place, selector.trust);
  try {
    const opened = await openOrComplete(host, rooms, { wanted, choice, signal });
    const finding =
      backend === "wasm"
        ? (opened.finding ?? "WASM serves everywhere")
        : await requireProof(host, opened, signal);
    signal.throwIfAborted();
    if (host.start.step !== "none") checkSoon(host);
    return { host, opened, finding };
  } catch (error) {
    host.dispose();
    throw error;
  }
}

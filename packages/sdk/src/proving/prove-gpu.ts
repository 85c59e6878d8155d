import { SelvedgeError } from "@selvedge/protocol";
import type { EngineHost, HostOpened } from "../serving/engine-host.ts";

/** A place a model could run on this device, and what came of it. */
export interface Candidate {
  readonly backend: "wasm" | "webgpu";
  readonly state: "serving" | "standby" | "proving" | "rejected";
  /** Why it is in that state. */
  readonly reason: string;
}

/**
 * Opens a pack on a backend that has to earn its trust, and proves it.
 *
 * @throws SelvedgeError `no-candidate` where the golden answers do not hold; the host is disposed of.
 */
export async function openProven(
  host: EngineHost,
  pack: HostOpened,
  signal?: AbortSignal,
): Promise<{ opened: HostOpened; finding: string }> {
  try {
    const opened = await host.open(
      { by: "digest", digest: pack.digest, dtype: pack.dtype },
      signal,
    );
    if (opened === undefined) throw new Error("a pack opened by digest is there or throws");
    const { holds, finding } = await host.prove(signal);
    if (holds) return { opened, finding };
    throw new SelvedgeError(
      "no-candidate",
      `${pack.name}@${pack.version} does not give its golden answers on ${host.backend}: ${finding}. It is not used there; load it with backend "wasm" or "auto".`,
      { detail: { backend: host.backend, finding } },
    );
  } catch (error) {
    host.dispose();
    throw error;
  }
}

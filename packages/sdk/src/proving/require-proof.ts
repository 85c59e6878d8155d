import { SelvedgeError } from "@selvedge/protocol";
import type { EngineHost } from "../serving/engine-host.ts";
import type { HostOpened } from "../serving/pack-opener.ts";

/**
 * Proves a pack that was opened on a backend which has to earn its trust.
 *
 * @returns what was compared
 * @throws SelvedgeError `no-candidate` where the golden answers do not hold.
 */
export async function requireProof(
  host: EngineHost,
  { name, version }: HostOpened,
  signal?: AbortSignal,
): Promise<string> {
  const { holds, finding } = await host.prove(signal);
  if (holds) return finding;
  throw new SelvedgeError(
    "no-candidate",
    `${name}@${version} does not give its golden answers on ${host.backend}: ${finding}. It is not used there; load it with backend "wasm" or "auto".`,
    { detail: { backend: host.backend, finding } },
  );
}

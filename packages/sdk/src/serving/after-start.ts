import { whenIdle } from "../proving/when-idle.ts";
import { countStart } from "../telemetry/count-start.ts";
import type { Reporter } from "../telemetry/reporter.ts";
import type { EngineHost } from "./engine-host.ts";
import type { StartEvent } from "./engine-start.ts";

/**
 * Counts what happened to the engine of a host, and has one that woke again checked like the first: the
 * image may have been made, or damaged, since then.
 *
 * @param isIdle whether it was opened for no call: whoever did so has it checked. What was opened again for a
 * call is checked behind that.
 */
export function afterStart(
  { recorder }: Pick<Reporter, "recorder">,
  host: EngineHost,
  { event, isIdle }: { readonly event: StartEvent; readonly isIdle: boolean },
): void {
  countStart(recorder, host, event);
  if (!isIdle && event.kind === "started" && event.start.step !== "none") checkSoon(host);
}

/** Checks a woken engine when the page has time. What is there to be done about it, the host does. */
export function checkSoon(host: Pick<EngineHost, "checkWoken">): void {
  // Whatever keeps it from being checked, its next failure is told apart from that of a loaded engine.
  whenIdle()
    .then(() => host.checkWoken())
    .catch(() => undefined);
}

import { ATTRIBUTES, START_METRICS, STARTS } from "@selvedge/protocol";
import type { EngineHost } from "../serving/engine-host.ts";
import type { StartEvent, Trap } from "../serving/engine-start.ts";
import { dimsText } from "../serving/used-dims.ts";
import type { Recorder } from "./recorder.ts";

/** A collector refuses longer attributes. */
const MOST_CHARS = 120;

/** Counts how an engine came to be, and what became of one that was woken. No text of a failure is told. */
export function countStart(
  recorder: Recorder,
  host: Pick<EngineHost, "backend" | "pack">,
  event: StartEvent,
): void {
  const about = aboutHost(host);
  if (event.kind === "started") {
    const { step, code } = event.start;
    const how = { [STARTS.step]: step, [ATTRIBUTES.reason]: code };
    recorder.count(START_METRICS.starts, { ...about, ...how });
  } else if (event.kind === "trapped")
    recorder.count(START_METRICS.traps, { ...about, ...ofTrap(event.trap) });
  else recorder.count(START_METRICS.quarantines, { ...about, [ATTRIBUTES.reason]: event.code });
}

/** The attributes of what is counted about a host. */
export function aboutHost({
  backend,
  pack,
}: Pick<EngineHost, "backend" | "pack">): Readonly<Record<string, string>> {
  const { dtype, origin } = pack ?? {};
  return {
    ...(origin && { [ATTRIBUTES.model]: origin.name, [ATTRIBUTES.version]: origin.version }),
    ...(dtype && { [ATTRIBUTES.dtype]: dtype }),
    [ATTRIBUTES.backend]: backend,
  };
}

function ofTrap({ step, dims }: Trap): Record<string, string> {
  const about = dims && { [STARTS.dims]: dimsText(dims).slice(0, MOST_CHARS) };
  return { [STARTS.step]: step, ...about };
}

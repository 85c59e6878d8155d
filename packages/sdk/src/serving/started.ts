import type { PackSelector } from "../worker/keeper-api.ts";
import type { EngineHost } from "./engine-host.ts";
import type { Ladder } from "./ladder.ts";
import type { FirstOpened } from "./open.ts";

/** What a model starts out with: an engine that has opened it, and what else there is. */
export interface Started {
  readonly host: EngineHost;
  readonly first: FirstOpened;
  readonly ladder: Ladder;
  /** What of a registry it was opened as. */
  readonly selector: PackSelector;
}

/** Why it serves. */
export function whyServing(
  { setback }: Pick<FirstOpened, "setback">,
  ...why: readonly (string | undefined)[]
): string {
  const wentBack = setback && `gone back to, as the newer version failed: ${setback.message}`;
  return [...why, wentBack].filter((part) => part !== undefined).join("; ");
}

import { SelvedgeError } from "@selvedge/protocol";
import type { Network } from "./network.ts";

/** What a download is for: something that waits for it now, or a version for later. */
export type Purpose = "load" | "update";

/** What browsers say of a link; TypeScript's library does not know it, nor do Firefox and Safari. */
interface NetworkInformation {
  readonly saveData?: boolean;
  readonly type?: string;
}

/** Whether the link is paid for by the byte, or its owner wants it used sparingly, so far as the browser says. */
export function isMetered(device: object = navigator): boolean {
  const { connection } = device as { connection?: NetworkInformation };
  return connection?.saveData === true || connection?.type === "cellular";
}

/**
 * Holds a download back from a metered link, where the page does not want it there.
 *
 * @throws SelvedgeError `metered`, with the bytes it would take.
 */
export function checkMetered(
  { isMetered, meteredDownloads }: Network,
  { name, bytes, purpose }: { name: string; bytes: number; purpose: Purpose },
): void {
  if (bytes === 0 || meteredDownloads === "allow" || !isMetered()) return;
  if (meteredDownloads === "foreground" && purpose === "load") return;
  throw new SelvedgeError(
    "metered",
    `${name}: ${bytes} bytes would have to be fetched over a metered connection, which meteredDownloads: "${meteredDownloads}" does not allow ${purpose === "load" ? "" : "in the background "}there. Load it on another connection, or create Selvedge with meteredDownloads: "allow".`,
    { detail: { bytes, purpose } },
  );
}

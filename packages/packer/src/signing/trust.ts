import {
  type PublicJwk,
  type RootDocument,
  requireFresh,
  SelvedgeError,
  type TrustedKeys,
} from "@selvedge/protocol";
import type { Problem } from "../verify/problem.ts";
import { readPublicKey } from "./key-file.ts";
import { followRootFile, readRootFile } from "./root-file.ts";

/** Whose signatures to believe. Without any of these, none is looked at. */
export interface TrustOptions {
  /** The file of the public key that packs are signed with. */
  readonly key?: string | undefined;
  /** The file of the public key that channels are signed with. */
  readonly channelKey?: string | undefined;
  /** A root document, whose keys are believed; those given beside it have to be among them. */
  readonly root?: string | undefined;
  /** A root document that was trusted before: the other has to follow from it. */
  readonly rootFrom?: string | undefined;
}

/** The keys to believe, and what is wrong with them. */
export interface Trust {
  readonly pack: TrustedKeys | undefined;
  readonly channel: TrustedKeys | undefined;
  readonly problems: readonly Problem[];
}

/** @throws SelvedgeError `key-invalid` for key files that hold none, `options-invalid`. */
export async function readTrust({ key, channelKey, root, rootFrom }: TrustOptions): Promise<Trust> {
  if (rootFrom !== undefined && root === undefined)
    throw new SelvedgeError(
      "options-invalid",
      "--root-from says nothing without --root. Give both.",
    );
  const problems: Problem[] = [];
  const document = root === undefined ? undefined : await readRoot(root, rootFrom, problems);
  const keysOf = async (
    role: "pack" | "channel",
    path: string | undefined,
  ): Promise<TrustedKeys | undefined> => {
    const listed = document?.roles[role];
    if (path === undefined) return listed;
    const given = await readPublicKey(path);
    if (listed !== undefined && !listed.keys.some((other) => isSame(given, other)))
      problems.push({
        part: "root",
        message: `${path}: not one of the ${role} keys of ${root}. Use one that is.`,
      });
    return { keys: [given] };
  };
  const pack = await keysOf("pack", key);
  return { pack, channel: await keysOf("channel", channelKey), problems };
}

/** An expired document is a problem, but its keys still tell what else is wrong. */
async function readRoot(
  path: string,
  trusted: string | undefined,
  problems: Problem[],
): Promise<RootDocument | undefined> {
  let document: RootDocument | undefined;
  try {
    document = await (trusted === undefined ? readRootFile(path) : followRootFile(path, trusted));
    requireFresh(document, Date.now(), path);
  } catch (error) {
    if (!(error instanceof SelvedgeError)) throw error;
    problems.push({ part: "root", message: error.message });
  }
  return document;
}

function isSame(a: PublicJwk, b: PublicJwk): boolean {
  return a.x === b.x && a.y === b.y;
}

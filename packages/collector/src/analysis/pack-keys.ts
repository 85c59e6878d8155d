import {
  followRoot,
  parseRoot,
  ROOT_PATH,
  requireFresh,
  rootLinkPath,
  type TrustAnchors,
  type TrustedKeys,
} from "@selvedge/protocol";

/** The text of a file of the registry; `undefined` where there is none. */
export type ReadText = (path: string) => Promise<string | undefined>;

/** Finds the keys that may sign packs now; `undefined` where none were given, and nothing is checked. */
export type FindPackKeys = () => Promise<TrustedKeys | undefined>;

/**
 * Finds the keys that may sign packs: those that were given, or those of the newest root document of the
 * registry that follows from the one that was.
 *
 * @throws SelvedgeError `root-invalid`, `signature-invalid` or `key-invalid`, when they are asked for.
 */
export function createPackKeys(
  anchors: TrustAnchors | undefined,
  { readText, now }: { readText: ReadText; now: () => number },
): FindPackKeys {
  return async () => {
    if (anchors === undefined || anchors.kind === "keys") return anchors?.pack;
    const given = await parseRoot(anchors.text, "publicKeys.root");
    const newest = await readText(ROOT_PATH);
    const link = async (version: number) => {
      const document = rootLinkPath(version);
      const text = await readText(document);
      return text === undefined ? undefined : { text, document };
    };
    const trusted =
      newest === undefined
        ? given
        : await followRoot(newest, { trusted: given, link, document: ROOT_PATH });
    requireFresh(trusted, now(), newest === undefined ? "publicKeys.root" : ROOT_PATH);
    return trusted.roles.pack;
  };
}

import {
  type ChannelDocument,
  parseTrustAnchors,
  type RootDocument,
  requireSuccessor,
  requireTimely,
  SelvedgeError,
  type SignedChannels,
  type TrustedKeys,
  verifyChannels,
} from "@selvedge/protocol";
import type { Network } from "../delivery/network.ts";
import type { Database, TrustRecord } from "../store/database.ts";
import { TrustRecords } from "../store/trust-records.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import { clockHint } from "./clock-hint.ts";
import type { FetchedDocument } from "./request-document.ts";
import { TrustedRoot } from "./trusted-root.ts";

/** The keys that may sign packs, and those that may sign channels. */
export interface Roles {
  readonly pack: TrustedKeys;
  readonly channel: TrustedKeys;
}

/** Whose signatures a keeper believes, and the newest documents that it believed. */
export class Trust {
  readonly database: Database;
  readonly #anchors: string;
  readonly #registry: string;
  readonly #network: Network;
  readonly #records: TrustRecords;
  #root: TrustedRoot | undefined;

  /** @param anchors as `parseTrustAnchors` reads them; what is wrong with them is told to whoever asks */
  constructor(
    anchors: string,
    { registry, database, network }: { registry: string; database: Database; network: Network },
  ) {
    this.database = database;
    this.#network = network;
    this.#anchors = anchors;
    this.#registry = registry;
    this.#records = new TrustRecords(database);
  }

  /**
   * The keys that are trusted now. Where they come from a root document, the registry is asked for the
   * newest.
   *
   * @throws SelvedgeError `key-invalid`, `root-invalid` or `signature-invalid`.
   */
  async roles(selector: PackSelector): Promise<Roles> {
    return this.#rolesBy((root) => root.current(anchorsOf(selector)));
  }

  /** The keys that are trusted without asking anyone, for what is stored. @throws as `roles`. */
  async heldRoles(selector: PackSelector): Promise<Roles> {
    return this.#rolesBy((root) => root.held(anchorsOf(selector)));
  }

  /**
   * Reads a channel document that was fetched, and remembers it: it is signed with the keys of its
   * role, about this model, neither expired nor from the future, and no older than what was seen.
   *
   * @throws SelvedgeError `signature-invalid`, `channel-invalid`, `integrity`, `document-expired`,
   * `document-not-yet-valid`, `document-rolled-back` or `document-conflicting`.
   */
  async acceptChannels(
    selector: PackSelector,
    {
      fetched,
      channel,
      document,
    }: { fetched: FetchedDocument; channel: TrustedKeys; document: string },
  ): Promise<ChannelDocument> {
    const { registry, name } = selector;
    const { text, hostTime } = fetched;
    const accepted = await verifyChannels(text, { trusted: channel, document });
    requireName(accepted.document, { name, document });
    const now = Date.now();
    requireTimely(accepted.document, { now, hint: clockHint(now, hostTime), document });
    const { sequence } = accepted.document;
    for (let isRemembered = false; !isRemembered; ) {
      const records = await this.#records.channels(registry, name);
      const before = await newestSigned(records, channel);
      if (before !== undefined) requireSuccessor(accepted, { before, document });
      isRemembered =
        before?.digest === accepted.digest ||
        (await this.#records.replace(
          ["channels", registry, name, anchorsOf(selector)],
          { text, sequence },
          records,
        ));
    }
    return accepted.document;
  }

  /** The newest channel document of a model that is stored and that these keys have signed. */
  async heldChannels(
    { registry, name }: PackSelector,
    { channel }: Roles,
  ): Promise<ChannelDocument | undefined> {
    const records = await this.#records.channels(registry, name);
    return (await newestSigned(records, channel))?.document;
  }

  async #rolesBy(read: (root: TrustedRoot) => Promise<RootDocument>): Promise<Roles> {
    const anchors = parseTrustAnchors(this.#anchors);
    if (anchors.kind === "keys") return anchors;
    const [registry, records, network] = [this.#registry, this.#records, this.#network];
    this.#root ??= new TrustedRoot(anchors.text, { registry, records, network });
    return (await read(this.#root)).roles;
  }
}

/** @throws SelvedgeError `integrity` for the channel document of another model. */
export function requireName(
  channels: ChannelDocument,
  { name, document }: { name: string; document: string },
): void {
  if (channels.name !== name)
    throw new SelvedgeError(
      "integrity",
      `${document}: it is the channel document of ${channels.name}. The registry's files were mixed up; promote the version again.`,
    );
}

/**
 * Of documents that were believed once, the newest whose signature still holds. One that was signed
 * with a key that has been dropped since says nothing: whoever had that key may have run the sequence
 * up, so that nothing could follow.
 */
async function newestSigned(
  records: readonly TrustRecord[],
  trusted: TrustedKeys,
): Promise<SignedChannels | undefined> {
  for (const { text } of [...records].sort((a, b) => b.sequence - a.sequence)) {
    const signed = await verifyChannels(text, { trusted }).catch(() => undefined);
    if (signed !== undefined) return signed;
  }
  return undefined;
}

function anchorsOf({ trust = "" }: PackSelector): string {
  return trust;
}

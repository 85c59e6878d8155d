import {
  type ErrorCode,
  followRoot,
  parseRoot,
  ROOT_PATH,
  type RootDocument,
  requireFresh,
  rootLinkPath,
  SelvedgeError,
} from "@selvedge/protocol";
import type { Network } from "../delivery/network.ts";
import type { TrustRecord } from "../store/database.ts";
import type { TrustRecords } from "../store/trust-records.ts";
import { clockHint } from "./clock-hint.ts";
import { type FetchedDocument, requestDocument } from "./request-document.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** What a host says that cannot be asked just now. */
const UNREACHABLE: readonly ErrorCode[] = ["network", "response-invalid"];

/** A load waits no longer than this for a document that a registry need not have. */
const PATIENCE_MS = 10_000;

/**
 * The newest root document that follows from the one a page was shipped with: what this device has
 * seen, or what the registry hosts, which is asked for once a session, and once a day in long ones.
 */
export class TrustedRoot {
  readonly #shipped: string;
  readonly #registry: string;
  readonly #records: TrustRecords;
  readonly #network: Network;
  #asked:
    | { readonly at: number; readonly answer: Promise<FetchedDocument | undefined> }
    | undefined;

  /** @param shipped the text of the document to start from */
  constructor(
    shipped: string,
    {
      registry,
      records,
      network,
    }: {
      readonly registry: string;
      readonly records: TrustRecords;
      readonly network: Network;
    },
  ) {
    this.#network = network;
    this.#shipped = shipped;
    this.#registry = registry;
    this.#records = records;
  }

  /**
   * What is trusted without asking anyone, whether or not it has expired.
   *
   * @throws SelvedgeError `root-invalid` or `signature-invalid`.
   */
  async held(anchors: string): Promise<RootDocument> {
    return (await this.#held(anchors)).root;
  }

  /**
   * What is trusted now. A registry that hosts no root document, or cannot be reached, changes nothing.
   *
   * @throws SelvedgeError `root-invalid` or `signature-invalid` where what the registry hosts does not
   * follow, or what is trusted has expired.
   */
  async current(anchors: string): Promise<RootDocument> {
    try {
      return await this.#current(anchors);
    } catch (error) {
      // Once the host is mended, it need not wait for another session.
      this.#asked = undefined;
      throw error;
    }
  }

  async #current(anchors: string): Promise<RootDocument> {
    const asked = this.#ask();
    const { root: trusted, records } = await this.#held(anchors);
    const answer = await asked;
    const document = `root document ${this.#registry}${ROOT_PATH}`;
    const root =
      answer === undefined ? trusted : await this.#follow(answer.text, trusted, document);
    // Before it is asked whether it has expired: keys that it takes away must not come back with an
    // older one that has not.
    if (answer !== undefined && root.version > trusted.version)
      await this.#records.replace(
        ["root", this.#registry, anchors],
        { text: answer.text, sequence: root.version },
        records,
      );
    const now = Date.now();
    requireFresh(root, now, document, clockHint(now, answer?.hostTime));
    return root;
  }

  async #held(anchors: string): Promise<{ root: RootDocument; records: TrustRecord[] }> {
    const shipped = await parseRoot(this.#shipped, "publicKeys.root");
    const record = await this.#records.root(this.#registry, anchors);
    if (record === undefined) return { root: shipped, records: [] };
    return { root: await parseRoot(record.text, "stored root document"), records: [record] };
  }

  async #follow(text: string, trusted: RootDocument, document: string): Promise<RootDocument> {
    // A host that has not been given the newest yet is no reason to refuse anything.
    if ((await parseRoot(text, document)).version <= trusted.version) return trusted;
    return followRoot(text, {
      trusted,
      document,
      link: async (version) => {
        const url = this.#registry + rootLinkPath(version);
        const title = `root document ${url}`;
        // Whoever asks first may give up; whoever asks next is given the same answer.
        const { signal } = new AbortController();
        const link = await this.#request(url, title, signal);
        return link && { text: link.text, document: title };
      },
    });
  }

  #ask(): Promise<FetchedDocument | undefined> {
    const now = Date.now();
    if (this.#asked !== undefined && Math.abs(now - this.#asked.at) < DAY_MS)
      return this.#asked.answer;
    const url = this.#registry + ROOT_PATH;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = this.#request(url, `root document ${url}`, signal).catch((error: unknown) => {
      this.#asked = undefined;
      const isMissed = error instanceof SelvedgeError && UNREACHABLE.includes(error.code);
      if (isMissed || signal.aborted) return undefined;
      throw error;
    });
    this.#asked = { at: now, answer };
    return answer;
  }

  /** @returns `undefined` where the host has no such file */
  async #request(
    url: string,
    document: string,
    signal: AbortSignal,
  ): Promise<FetchedDocument | undefined> {
    const options = { document, network: this.#network, signal };
    return requestDocument(url, options).catch((error: unknown) => {
      if (error instanceof SelvedgeError && error.code === "not-found") return undefined;
      throw error;
    });
  }
}

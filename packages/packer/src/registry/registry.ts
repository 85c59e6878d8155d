import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type ChannelDocument,
  channelsPath,
  type Envelope,
  isModelName,
  isVersion,
  type Manifest,
  manifestPath,
  mostServed,
  parseChannelsEnvelope,
  parseWholeManifest,
  readChannels,
  SelvedgeError,
  segmentPath,
  sha256,
  signaturePath,
} from "@selvedge/protocol";

/** A manifest as it stands in a registry. */
export interface StoredManifest {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of its bytes: the pack's id. */
  readonly digest: string;
}

/** Reads the folder of one model in a registry on disk. */
export class ModelFolder {
  readonly registry: string;
  readonly name: string;

  /** @throws SelvedgeError `options-invalid` for a name that no model may have. */
  constructor(registry: string, name: string) {
    if (!isModelName(name))
      throw new SelvedgeError(
        "options-invalid",
        `"${name}" is no model name. Use up to 64 lower-case letters, digits, ".", "_" and "-", a letter or digit first.`,
      );
    this.registry = registry;
    this.name = name;
  }

  get channelsFile(): string {
    return join(this.registry, channelsPath(this.name));
  }

  /** @throws SelvedgeError `options-invalid` for what no version may be called. */
  manifestFile(version: string): string {
    if (!isVersion(version))
      throw new SelvedgeError(
        "options-invalid",
        `"${version}" is no version. Use up to 64 letters, digits, ".", "+", "_" and "-", such as 1.0.0.`,
      );
    return join(this.registry, manifestPath(this.name, version));
  }

  signatureFile(version: string): string {
    return join(this.registry, signaturePath(this.name, version));
  }

  segmentFile(digest: string): string {
    return join(this.registry, segmentPath(this.name, digest));
  }

  /** The bytes of a version's manifest; `undefined` where there is no such version. */
  async manifestBytes(version: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return await readIfThere(this.manifestFile(version));
  }

  /** The text of a version's signature; `undefined` where it is not signed. */
  async signature(version: string): Promise<string | undefined> {
    const bytes = await readIfThere(this.signatureFile(version));
    return bytes && new TextDecoder().decode(bytes);
  }

  /** @throws SelvedgeError `not-found`, or `manifest-invalid` with the field that is wrong. */
  async manifest(version: string): Promise<StoredManifest> {
    const bytes = await this.manifestBytes(version);
    if (bytes === undefined) throw await this.#noVersion(version);
    const document = `manifest of ${this.name}@${version}`;
    const manifest = parseWholeManifest(new TextDecoder().decode(bytes), document);
    if (manifest.name !== this.name || manifest.version !== version)
      throw new SelvedgeError(
        "manifest-invalid",
        `${document}: it speaks of ${manifest.name}@${manifest.version}. Pack the version again under its own name.`,
      );
    return { manifest, bytes, digest: await sha256(bytes) };
  }

  /**
   * The channel document; `undefined` before anything was promoted.
   *
   * @throws SelvedgeError `channel-invalid`, naming the field.
   */
  async channels(): Promise<ChannelDocument | undefined> {
    const envelope = await this.channelsEnvelope();
    return envelope && readChannels(envelope, `channels of ${this.name}`);
  }

  /**
   * The channel document as it is signed.
   *
   * @throws SelvedgeError `channel-invalid`, naming the field.
   */
  async channelsEnvelope(): Promise<Envelope | undefined> {
    const bytes = await readIfThere(this.channelsFile);
    if (bytes === undefined) return undefined;
    return parseChannelsEnvelope(new TextDecoder().decode(bytes), `channels of ${this.name}`);
  }

  /** Every version there is, sorted by name. */
  async versions(): Promise<string[]> {
    const entries = await readdir(join(this.registry, this.name)).catch(() => []);
    const versions: string[] = [];
    for (const entry of entries.filter(isVersion).sort())
      if (await stat(this.manifestFile(entry)).catch(() => undefined)) versions.push(entry);
    return versions;
  }

  /**
   * The version meant where none was named: the only one, or the one that `stable` serves.
   *
   * @throws SelvedgeError `not-found`
   */
  async defaultVersion(): Promise<string> {
    const versions = await this.versions();
    const stable = mostServed((await this.channels())?.channels["stable"] ?? [])?.version;
    const version = stable ?? (versions.length === 1 ? versions[0] : undefined);
    if (version !== undefined) return version;
    throw await this.#noVersion(undefined);
  }

  async #noVersion(version: string | undefined): Promise<SelvedgeError> {
    const versions = await this.versions();
    const list = versions.join(", ");
    const message =
      versions.length === 0
        ? `There is no model "${this.name}" in ${this.registry}. Check the name and --registry.`
        : version === undefined
          ? `${this.name} has several versions. Name one of ${list}.`
          : `${this.name} has no version ${version}. There is ${list}.`;
    return new SelvedgeError("not-found", message);
  }
}

async function readIfThere(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new SelvedgeError(
      "registry-invalid",
      `${path} could not be read (${code ?? error}). Check the folder and its permissions.`,
      { cause: error },
    );
  }
}

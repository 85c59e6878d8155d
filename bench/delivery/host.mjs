import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Link } from "./link.mjs";
import { readRange } from "./read-range.mjs";

/** What is asked of the link at once: about 3 ms of it at 20 Mbit/s. */
const SLICE_BYTES = 8 * 1024;

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** What hosts compress: scripts, documents and wasm, and never model bytes. */
const COMPRESSED = new Set(Object.keys(TYPES));

/** The few files that change under one address, which a careful host has browsers ask for again. */
const CHANGING = /\.html$|\/channels\.json$/;

/** What the two kinds of host say of how long a file may be kept. */
const CACHING = {
  strong: (path) => (CHANGING.test(path) ? "no-cache" : "public, max-age=31536000, immutable"),
  weak: () => "no-store",
};

/**
 * A host of static files behind an emulated link, the same for every contender: all responses share
 * the link, each is answered after the latency, scripts and wasm are sent as gzip, and Range is
 * understood. It counts what was sent, and can lose its network.
 */
export class Host {
  #mounts;
  #caching = "strong";
  #latencyMs = 0;
  #link = new Link(Number.POSITIVE_INFINITY);
  #server;
  #files = new Map();
  #sockets = new Set();
  #isDown = false;
  #cut;
  /** @type {Sent[]} what was asked for, in order */
  requests = [];

  /**
   * @param {Record<string, string>} mounts folders by the path they lie under
   * @typedef {{ path: string, range?: string, status: number, bytes: number, askedAt: number,
   *   startedAt?: number, endedAt?: number }} Sent
   */
  constructor(mounts) {
    this.#mounts = Object.entries(mounts).sort(([a], [b]) => b.length - a.length);
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.on("connection", (socket) => {
      if (this.#isDown) return socket.destroy();
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** @returns {Promise<string>} its address */
  async start() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://localhost:${this.#server.address().port}`;
  }

  async stop() {
    this.#dropAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /**
   * Sets what lies between it and its visitors, and what it says of how long a file may be kept.
   *
   * @param {{ bitsPerSecond: number, latencyMs: number, caching: "strong" | "weak" }} conditions
   */
  become({ bitsPerSecond, latencyMs, caching }) {
    this.#link = new Link(bitsPerSecond);
    this.#latencyMs = latencyMs;
    this.#caching = caching;
  }

  /** Bytes of the bodies that were sent of what lies under paths such as these. */
  bytesOf(pattern) {
    return this.requests
      .filter(({ path }) => pattern.test(path))
      .reduce((sum, { bytes }) => sum + bytes, 0);
  }

  forget() {
    this.requests = [];
  }

  /**
   * Resets every connection once so many bytes have been sent, from now on, of what lies under such
   * paths; and where it stays down, every new one too.
   */
  cutAfter(pattern, bytes, { staysDown }) {
    this.#cut = { pattern, left: bytes, staysDown };
  }

  /** Ends an outage, or calls off one that has not happened. */
  restore() {
    this.#cut = undefined;
    this.#isDown = false;
  }

  #dropAll() {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async #answer(request, response) {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://host").pathname));
    const sent = { path, status: 0, bytes: 0, askedAt: performance.now() };
    if (request.headers.range !== undefined) sent.range = request.headers.range;
    this.requests.push(sent);
    const file = await this.#file(path);
    await new Promise((resolve) => setTimeout(resolve, this.#latencyMs));
    const { status, headers, from, to } = this.#headOf(file, path, request.headers);
    sent.status = status;
    sent.startedAt = performance.now();
    response.writeHead(status, headers);
    response.flushHeaders();
    const isEmpty = request.method === "HEAD" || from === to;
    if (isEmpty) response.end();
    else await pipeline(this.#paced({ file, from, to, sent }), response);
    sent.endedAt = performance.now();
  }

  #headOf(file, path, asked) {
    const none = { from: 0, to: 0 };
    if (file === undefined)
      return {
        status: 404,
        headers: { "cache-control": "no-store", "content-length": 0 },
        ...none,
      };
    const headers = { "cache-control": CACHING[this.#caching](path) };
    if (this.#caching === "strong") headers.etag = file.etag;
    if (this.#caching === "strong" && asked["if-none-match"] === file.etag)
      return { status: 304, headers, ...none };
    headers["content-type"] = TYPES[extname(path)] ?? "application/octet-stream";
    if (file.isCompressed) headers["content-encoding"] = "gzip";
    else headers["accept-ranges"] = "bytes";
    const isSame = asked["if-range"] === undefined || asked["if-range"] === headers.etag;
    const range = file.isCompressed || !isSame ? undefined : readRange(asked.range, file.bytes);
    const { from, to } = range ?? { from: 0, to: file.bytes };
    headers["content-length"] = to - from;
    if (range === undefined) return { status: 200, headers, from, to };
    headers["content-range"] = `bytes ${from}-${to - 1}/${file.bytes}`;
    return { status: 206, headers, from, to };
  }

  /** A body as the link lets it through. */
  async *#paced({ file, from, to, sent }) {
    const content =
      file.content === undefined
        ? createReadStream(file.place, { start: from, end: to - 1 })
        : [file.content.subarray(from, to)];
    for await (const chunk of content)
      for (let start = 0; start < chunk.length; start += SLICE_BYTES) {
        const slice = chunk.subarray(start, start + SLICE_BYTES);
        await this.#link.pass(slice.length);
        yield slice;
        sent.bytes += slice.length;
        if (this.#cutBy(sent.path, slice.length)) return;
      }
  }

  /** Whether the network went away with these bytes. */
  #cutBy(path, bytes) {
    if (!this.#cut?.pattern.test(path)) return false;
    this.#cut.left -= bytes;
    if (this.#cut.left > 0) return false;
    this.#isDown = this.#cut.staysDown;
    this.#cut = undefined;
    this.#dropAll();
    return true;
  }

  /** What compresses is compressed once, and kept in memory; the rest is read as it is sent. */
  async #file(path) {
    const [mount, folder] = this.#mounts.find(([mount]) => path.startsWith(mount)) ?? [];
    if (folder === undefined) return undefined;
    const place = join(folder, path.slice(mount.length) || "index.html");
    const found = await stat(place).catch(() => undefined);
    if (!found?.isFile()) return undefined;
    if (!COMPRESSED.has(extname(place)))
      return { place, bytes: found.size, etag: `"${found.size}-${found.mtimeMs}"` };
    // A channel document may be written again while the host runs.
    const key = `${place}:${found.mtimeMs}`;
    if (!this.#files.has(key)) this.#files.set(key, compressed(place));
    return this.#files.get(key);
  }
}

async function compressed(place) {
  const ready = await readFile(`${place}.gz`).catch(() => undefined);
  const content = ready ?? (await promisify(gzip)(await readFile(place), { level: 9 }));
  const etag = `"${createHash("sha256").update(content).digest("hex").slice(0, 16)}"`;
  return { content, bytes: content.length, etag, isCompressed: true };
}

import { readFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { setTimeout } from "node:timers/promises";
import { gzipSync } from "node:zlib";

/** An answer that is about to be sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Where the body begins in its file. */
  readonly start: number;
  /** The byte of the body at which something else happens, and what. */
  readonly end?: { readonly at: number; readonly how: "close" | "reset" | "silence" };
}

/** What goes wrong with an answer. */
export type Fault = (answer: Answer) => Answer;

/** A request for a file, and how much of it was sent. */
export interface Asked {
  readonly path: string;
  readonly start: number;
  readonly length: number;
  status: number;
  sent: number;
}

const CHUNK_BYTES = 64 * 1024;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** A server of folders that does as it should, until it is told otherwise. Any page may read it. */
export class Host {
  readonly asked: Asked[] = [];
  readonly #folders: Readonly<Record<string, string>>;
  readonly #server: Server;
  #spoilt: { readonly path: RegExp; readonly fault: Fault; times: number }[] = [];

  private constructor(folders: Readonly<Record<string, string>>) {
    this.#folders = folders;
    this.#server = createServer(({ method, url = "/", headers }, response) => {
      if (method === "OPTIONS") {
        const allowed = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" };
        response.writeHead(204, allowed).end();
        return;
      }
      const path = normalize(decodeURIComponent(url.split("?")[0] ?? "/"));
      this.#answer(path, headers.range, response).catch(() => response.destroy());
    });
  }

  /** @param folders by the path they are served under, with a slash at either end */
  static async start(folders: Readonly<Record<string, string>>): Promise<Host> {
    const host = new Host(folders);
    await new Promise<void>((resolve) => host.#server.listen(0, "127.0.0.1", resolve));
    return host;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Requests for model bytes. */
  get segments(): Asked[] {
    return this.asked.filter(({ path }) => path.includes("/segments/"));
  }

  /** Spoils answers for matching paths, so many times. */
  spoil(path: RegExp, fault: Fault, times: number = Number.POSITIVE_INFINITY): void {
    this.#spoilt.push({ path, fault, times });
  }

  /** Does as it should again. */
  behave(): void {
    this.#spoilt = [];
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(path: string, range: string | undefined, response: ServerResponse): Promise<void> {
    const right = await this.#read(path, range);
    const rule = this.#spoilt.find((rule) => rule.times > 0 && rule.path.test(path));
    if (rule !== undefined) rule.times -= 1;
    const { status, headers, body, end } = rule === undefined ? right : rule.fault(right);
    const asked = { path, start: right.start, length: right.body.byteLength, status, sent: 0 };
    this.asked.push(asked);
    response.writeHead(status, {
      "access-control-allow-origin": "*",
      "content-length": body.byteLength,
      ...headers,
    });
    const last = end?.at ?? body.byteLength;
    while (asked.sent < last && !response.destroyed) {
      const chunk = body.subarray(asked.sent, Math.min(last, asked.sent + CHUNK_BYTES));
      await new Promise<void>((resolve, reject) => {
        response.write(chunk, (error) => (error ? reject(error) : resolve()));
      });
      asked.sent += chunk.byteLength;
    }
    if (end === undefined) response.end();
    // What the browser has not taken in by then, it may drop.
    else if (end.how !== "silence") await setTimeout(100);
    if (end?.how === "close") response.socket?.end();
    if (end?.how === "reset") response.socket?.resetAndDestroy();
  }

  async #read(path: string, range: string | undefined): Promise<Answer> {
    const under = Object.keys(this.#folders).find((prefix) => path.startsWith(prefix)) ?? "";
    const name = path.slice(under.length) || "index.html";
    const file = await readFile(join(this.#folders[under] ?? "", name)).catch(() => undefined);
    if (file === undefined) return { status: 404, headers: {}, body: Buffer.alloc(0), start: 0 };
    const headers = {
      "content-type": TYPES[extname(name)] ?? "application/octet-stream",
      "accept-ranges": "bytes",
    };
    const [, first, final] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
    if (first === undefined) return { status: 200, headers, body: file, start: 0 };
    const start = Number(first);
    const body = file.subarray(start, Number(final) + 1);
    const contentRange = `bytes ${start}-${start + body.byteLength - 1}/${file.byteLength}`;
    return { status: 206, headers: { ...headers, "content-range": contentRange }, body, start };
  }
}

/** An error in place of the file. */
export const fails =
  (status: number, headers: Record<string, string> = {}): Fault =>
  (answer) => ({ ...answer, status, headers, body: Buffer.from(`this is a ${status}`) });

/** A web page in place of the file, as if all were well. */
export const isWebPage: Fault = (answer) => ({
  ...answer,
  status: 200,
  headers: { "content-type": "text/html" },
  body: Buffer.from("<!doctype html><title>Please log in</title>"),
});

/** Ends in the middle of a body: closed, reset, or with nothing more said. */
export const ends =
  (how: "close" | "reset" | "silence", at: number): Fault =>
  (answer) => ({ ...answer, end: { at, how } });

/** Compresses what it sends, on the fly. */
export const gzips: Fault = (answer) => {
  const body = gzipSync(answer.body);
  const length = { "content-encoding": "gzip", "content-length": String(body.byteLength) };
  return { ...answer, headers: { ...answer.headers, ...length }, body };
};

/** Flips a bit of this byte of the file. */
export const flips =
  (offset: number): Fault =>
  (answer) => {
    const body = Buffer.from(answer.body);
    const at = offset - answer.start;
    body[at] = (body[at] ?? 0) ^ 1;
    return { ...answer, body };
  };

/** Puts a script before another: what a test has to change within a worker. */
export const beginsWith =
  (script: string): Fault =>
  (answer) => ({ ...answer, body: Buffer.concat([Buffer.from(`${script}\n`), answer.body]) });

import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, relative, sep } from "node:path";
import send from "send";

/** One request for a file of a folder. */
export interface FileRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The folder. Nothing outside it is served, nor anything whose name begins with a dot. */
  readonly root: string;
  /** The path within the folder as the URL has it, percent-encoded, with a leading slash. */
  readonly path: string;
  /** Whether folders answer with their `index.html`, and files with a `.gz` beside them. */
  readonly isSite: boolean;
  /** Headers of every answer, errors too. */
  readonly headers: Readonly<Record<string, string>>;
  /** Further headers of a file, given its path within the folder, with `/` between its parts. */
  readonly fileHeaders: (file: string) => Readonly<Record<string, string>>;
}

/** Answers GET and HEAD with a file, its ranges and its validators; everything else with a text. */
export function sendFile(asked: FileRequest): void {
  const { request, response, root, path, isSite } = asked;
  const setHeaders = (headers: Readonly<Record<string, string>>) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  };
  const refuse = (status: number, kept: Readonly<Record<string, string>> = {}) => {
    if (response.headersSent) {
      // The answer is under way and cannot be taken back; cut, it will not be mistaken for whole.
      response.destroy();
      return;
    }
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    setHeaders({ ...asked.headers, ...kept, "cache-control": "no-store" });
    sendText(response, status);
  };

  if (request.method !== "GET" && request.method !== "HEAD") {
    refuse(405, { allow: "GET, HEAD" });
    return;
  }
  setHeaders(asked.headers);
  const packedType = isSite ? PACKED_TYPES[extname(path)] : undefined;
  const isPackedWanted =
    packedType !== undefined && request.headers.range === undefined && acceptsGzip(request);

  const start = (isPacked: boolean) =>
    send(request, isPacked ? `${path}.gz` : path, {
      root,
      dotfiles: "ignore",
      index: isSite ? "index.html" : false,
    })
      .on("headers", (_: ServerResponse, found: string) => {
        const file = relative(root, found).split(sep).join("/");
        setHeaders(asked.fileHeaders(isPacked ? file.slice(0, -".gz".length) : file));
        if (packedType !== undefined) setHeaders({ vary: "accept-encoding" });
        if (isPacked && packedType !== undefined)
          setHeaders({ "content-encoding": "gzip", "content-type": packedType });
      })
      .on("directory", () => {
        if (isSite) refuse(301, { location: withSlash(request.url ?? "/") });
        else refuse(404);
      })
      .on("error", (error: { status?: number; headers?: Record<string, string> }) => {
        if (isPacked && error.status === 404) {
          start(false);
          return;
        }
        // What may not be asked for is not told from what is not there.
        const status = error.status === 403 ? 404 : (error.status ?? 500);
        const range = error.headers?.["Content-Range"];
        refuse(status, range === undefined ? {} : { "content-range": range });
      })
      .pipe(response);
  start(isPackedWanted);
}

/** What may lie beside its own `.gz`, and its type, which that name does not tell. */
const PACKED_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

function acceptsGzip({ headers }: IncomingMessage): boolean {
  const accepted = String(headers["accept-encoding"] ?? "").split(",");
  return accepted.some((coding) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(coding));
}

const TEXTS: Readonly<Record<number, string>> = {
  301: "This is a folder; its address ends with a slash.",
  400: "The address is malformed.",
  404: "There is nothing at this address.",
  405: "Files can only be read.",
  412: "The file is not the one that was asked for.",
  416: "The file has no such range.",
};

function sendText(response: ServerResponse, status: number): void {
  const text = `${TEXTS[status] ?? "The file could not be read."}\n`;
  response.statusCode = status;
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.setHeader("content-length", Buffer.byteLength(text));
  response.end(text);
}

/** The address with a slash at the end of its path; two at its start would name another host. */
function withSlash(url: string): string {
  const [path = "/", ...query] = url.split("?");
  return [`/${path.replace(/^[/\\]+/, "")}/`, ...query].join("?");
}

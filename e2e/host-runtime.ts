import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { readBodies, readExports, readImports } from "../packages/packer/src/wasm/module-parts.ts";
import { rewriteRuntime } from "../packages/packer/src/wasm/rewrite-runtime.ts";
import { readSections, SECTION, writeSections } from "../packages/packer/src/wasm/sections.ts";
import { join, nameBytes, u32 } from "../packages/packer/src/wasm/wasm-bytes.ts";

const DIST = new URL("../node_modules/onnxruntime-web/dist/", import.meta.url);
const SHIM = fileURLToPath(new URL("../packages/sdk/src/runtime/glue-shim.ts", import.meta.url));
const WASM = "ort-wasm-simd-threaded.wasm";
const GLUE = "ort-wasm-simd-threaded.mjs";

/** What Vite's server is asked with, as far as it is used here. */
interface Server {
  readonly middlewares: {
    use(
      handle: (
        request: { url?: string | undefined },
        response: { setHeader(name: string, value: string): void; end(body: Uint8Array): void },
        next: () => void,
      ) => void,
    ): void;
  };
}

/**
 * Hosts onnxruntime-web for tests in a browser, as `selvedge assets` would have written it, below
 * `/runtimes/<kind>/`:
 *
 * - `whole`: the full wasm, and how it is woken
 * - `fitted`: beside it one that loads and one that only runs, which differ from it in name only
 * - `trapping`: the same, but what loads traps as a session is created, and what runs as it is run
 * - `mixed-up`: what only runs is not what its digest was taken of
 * - `as-shipped`: no index, and the wasm as it came
 */
export function hostRuntime(): { name: string; configureServer(server: Server): void } {
  let files: Promise<Map<string, Uint8Array>> | undefined;
  return {
    name: "host-runtime",
    configureServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        const path = request.url?.split("?")[0] ?? "";
        const [, kind, file] = /^\/runtimes\/([\w-]+)\/[^/]+\/([\w.-]+)$/.exec(path) ?? [];
        if (kind === undefined || file === undefined) return next();
        if (file === "glue-shim.js") {
          request.url = `/@fs${SHIM}`;
          return next();
        }
        files ??= makeFiles();
        serve({ files, kind, file }, response).catch(() => next());
      });
    },
  };
}

async function serve(
  { files, kind, file }: { files: Promise<Map<string, Uint8Array>>; kind: string; file: string },
  response: { setHeader(name: string, value: string): void; end(body: Uint8Array): void },
): Promise<void> {
  const body =
    (await files).get(`${kind}/${file}`) ?? new Uint8Array(await readFile(new URL(file, DIST)));
  const [, extension] = /\.(\w+)$/.exec(basename(file)) ?? [];
  const types: Record<string, string> = { wasm: "application/wasm", mjs: "text/javascript" };
  response.setHeader("Content-Type", types[extension ?? ""] ?? "application/json");
  // The answer of a host that lacks the file is Vite's own.
  response.end(body);
}

async function makeFiles(): Promise<Map<string, Uint8Array>> {
  const [glue, shipped] = await Promise.all([
    readFile(new URL(GLUE, DIST)),
    readFile(new URL(WASM, DIST)),
  ]);
  const { wasm, waking } = rewriteRuntime(new Uint8Array(shipped), glue.toString());
  const packageFile = await readFile(new URL("../package.json", DIST), "utf8");
  const { version }: { version: string } = JSON.parse(packageFile);
  const index = { format: 1, version, glue: refTo(GLUE, glue), full: refTo(WASM, wasm), waking };
  const files = new Map<string, Uint8Array>();
  const publish = (kind: string, load?: Uint8Array, run?: Uint8Array, isMixedUp = false) => {
    const fitted = (file: string, bytes: Uint8Array) => {
      files.set(`${kind}/${file}`, bytes);
      const ref = refTo(file, isMixedUp ? wasm : bytes);
      return { ...ref, parent: refTo(WASM, wasm).sha256, packs: [], functions: 1 };
    };
    files.set(`${kind}/${WASM}`, wasm);
    const all = {
      ...index,
      ...(load === undefined ? {} : { load: fitted("load.wasm", load) }),
      ...(run === undefined ? {} : { run: fitted("run.wasm", run) }),
    };
    files.set(`${kind}/runtimes.json`, new TextEncoder().encode(JSON.stringify(all)));
  };
  publish("whole");
  publish("fitted", labelled(wasm, "load"), labelled(wasm, "run"));
  publish(
    "trapping",
    withTrap(wasm, exportOf(glue.toString(), "_OrtCreateSession")),
    withTrap(wasm, exportOf(glue.toString(), "_OrtRun")),
  );
  publish("mixed-up", undefined, labelled(wasm, "another"), true);
  return files;
}

function refTo(file: string, bytes: Uint8Array) {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { file, bytes: bytes.byteLength, sha256 };
}

/** The same wasm under another digest: a section that nobody reads is added. */
function labelled(wasm: Uint8Array, label: string): Uint8Array {
  const body = nameBytes(label);
  return join([wasm, Uint8Array.of(0), u32(body.length), body]);
}

/** A wasm one of whose exports traps as it is called. */
function withTrap(wasm: Uint8Array, name: string): Uint8Array {
  const sections = readSections(wasm);
  const found = readExports(sections).find((one) => one.name === name);
  const imported = readImports(sections).filter(({ kind }) => kind === "function").length;
  if (found === undefined) throw new Error(`the wasm does not export ${name}`);
  const bodies = readBodies(sections).map((body, i) =>
    i === found.index - imported ? Uint8Array.of(0, 0, 0x0b) : body,
  );
  const code = join([u32(bodies.length), ...bodies.flatMap((body) => [u32(body.length), body])]);
  return writeSections(sections, { [SECTION.code]: code });
}

function exportOf(glue: string, name: string): string {
  const [, found] = new RegExp(`\\.${name}=\\w+\\.([\\w$]+);`).exec(glue) ?? [];
  if (found === undefined) throw new Error(`the glue does not show ${name}`);
  return found;
}

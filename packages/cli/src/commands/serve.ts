import { existsSync } from "node:fs";
import { join } from "node:path";
import { SelvedgeError } from "@selvedge/protocol";
import { type Command, type Terminal, WRONG } from "../command.ts";
import { readCommandLine, required, UsageError } from "../command-line.ts";
import { copyAssets } from "../copy-assets.ts";
import { packageFolder } from "../package-folder.ts";

export const serveCommand: Command = {
  name: "serve",
  summary: "serve registry, collector, dashboard and runtime files on one port",
  help: `Usage: selvedge serve --registry DIR --data DIR --port PORT

Serves the registry at /models/, the runtime files at /selvedge/, the dashboard at /, and receives
telemetry at /v1/. Ctrl-C ends it, and nothing acknowledged is lost.

  --registry DIR     the registry's folder
  --data DIR         where telemetry and the runtime files are kept; made if it is not there
  --port PORT        0 takes any that is free
  --host HOST        which address to listen on (127.0.0.1, which only this machine reaches)
  --config FILE      tokens, limits, origins, retention: see docs/collector.md
  --open             let others reach a --host without tokens, as a firewall or a proxy keeps watch
  --mount PATH=DIR   a built folder to serve as well, such as /demo/=demo/dist; may be repeated`,
  run: async (args, terminal, signal) => {
    const { values, positionals } = readCommandLine(args, {
      registry: { type: "string" },
      data: { type: "string" },
      port: { type: "string" },
      host: { type: "string" },
      config: { type: "string" },
      open: { type: "boolean" },
      mount: { type: "string", multiple: true },
    });
    if (positionals.length > 0)
      throw new UsageError(`"${positionals[0]}" is one argument too many`);
    const registryDir = required(values.registry, "--registry DIR");
    const dataDir = required(values.data, "--data DIR");
    const port = readPort(required(values.port, "--port PORT"));
    const given = readMounts(values.mount ?? []);
    if (!existsSync(registryDir)) {
      terminal.err(
        `selvedge: there is no registry at ${registryDir}. Pack a model into it first, or check --registry.`,
      );
      return WRONG;
    }
    // Loaded here, since its database is native code that no other command needs.
    const { readConfig, startCollector } = await import("@selvedge/collector");
    const host = values.host === undefined ? {} : { host: values.host };
    const open = values.open ?? false;
    try {
      // What may be wrong comes before what takes a while.
      const config = values.config === undefined ? {} : { config: await readConfig(values.config) };
      const assets = join(dataDir, "assets");
      await copyAssets(assets);
      const mounts = { "/selvedge/": assets, "/": "", ...given };
      mounts["/"] ||= dashboardFolder();
      const served = { registryDir, dataDir, port, mounts, open };
      const collector = await startCollector({ ...served, ...host, ...config });
      announce(collector.url, given, terminal);
      await aborted(signal);
      await collector.close();
      return undefined;
    } catch (error) {
      if (!(error instanceof SelvedgeError)) throw error;
      // A port that is taken or a folder that is missing is no mistake in the command line.
      terminal.err(`selvedge: ${error.message}`);
      return WRONG;
    }
  },
};

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`--port ${text}: use a number from 0 to 65535`);
}

function readMounts(mounts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    mounts.map((mount) => {
      const [, path, folder] = /^(\/[^=]*)=(.+)$/.exec(mount) ?? [];
      if (path === undefined || folder === undefined)
        throw new UsageError(`--mount ${mount}: use PATH=DIR, such as /demo/=demo/dist`);
      return [path, folder];
    }),
  );
}

function dashboardFolder(): string {
  const folder = join(packageFolder("@selvedge/dashboard", import.meta.url), "dist");
  if (existsSync(join(folder, "index.html"))) return folder;
  throw new SelvedgeError("not-found", "The dashboard is not built. Run npm run build first.");
}

function announce(url: string, mounts: Readonly<Record<string, string>>, terminal: Terminal): void {
  terminal.out(`Dashboard  ${url}/`);
  for (const path of Object.keys(mounts)) terminal.out(`${title(path).padEnd(10)} ${url}${path}`);
  terminal.out(`Registry   ${url}/models/`);
  terminal.out(`Runtime    ${url}/selvedge/`);
  terminal.out(`Telemetry  ${url}/v1/`);
}

/** What to call a mount: `/demo/` is the demo. */
function title(path: string): string {
  const name = path.replaceAll("/", " ").trim();
  return name === "" ? "Pages" : name.charAt(0).toUpperCase() + name.slice(1);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

import type { Command } from "../command.ts";
import { readCommandLine, required, UsageError } from "../command-line.ts";
import { copyAssets } from "../copy-assets.ts";

export const assetsCommand: Command = {
  name: "assets",
  summary: "copy the runtime files that a page hosts",
  help: `Usage: selvedge assets --out DIR

Copies the runtime (wasm and JavaScript) into a folder of DIR that is named after its version. Host
DIR, and give its address to createSelvedge as \`assets\`. What is there already is left alone.

  --out DIR   the folder to host
  --json      print {folder, copied, kept} as JSON`,
  run: async (args, terminal) => {
    const { values, positionals } = readCommandLine(args, {
      out: { type: "string" },
      json: { type: "boolean" },
    });
    if (positionals.length > 0)
      throw new UsageError(`"${positionals[0]}" is one argument too many`);
    const { folder, copied, kept } = await copyAssets(required(values.out, "--out DIR"));
    if (values.json === true) terminal.out(JSON.stringify({ folder, copied, kept }));
    else terminal.out(`${folder}: ${copied.length} files copied, ${kept.length} there already`);
    return undefined;
  },
};

import type { Command } from "../command.ts";
import { readCommandLine, required, UsageError } from "../command-line.ts";
import { copyAssets } from "../copy-assets.ts";

export const assetsCommand: Command = {
  name: "assets",
  summary: "copy the runtime files that a page hosts",
  help: `Usage: selvedge assets --out DIR

Copies the runtimes (wasm and JavaScript of onnxruntime-web and TensorFlow.js) into folders of DIR
that are named after their versions. Host DIR, and give its address to createSelvedge as \`assets\`.
What is there already is left alone.

  --out DIR   the folder to host
  --json      print {folders, copied, kept, index} as JSON`,
  run: async (args, terminal) => {
    const { values, positionals } = readCommandLine(args, {
      out: { type: "string" },
      json: { type: "boolean" },
    });
    if (positionals.length > 0)
      throw new UsageError(`"${positionals[0]}" is one argument too many`);
    const { folders, copied, kept, index } = await copyAssets(required(values.out, "--out DIR"));
    if (index.reason !== undefined)
      terminal.err(
        `selvedge: engines will be loaded and not woken, as this onnxruntime-web is not what it was taken to be: ${index.reason}. Models run all the same.`,
      );
    if (values.json === true) terminal.out(JSON.stringify({ folders, copied, kept, index }));
    else
      terminal.out(
        `${folders.join(", ")}: ${copied.length} files copied, ${kept.length} there already`,
      );
    return undefined;
  },
};

import type { Command, Terminal } from "../command.ts";
import { readCommandLine, required, UsageError } from "../command-line.ts";
import { copyAssets } from "../copy-assets.ts";
import { type FittedAssets, fitAssets } from "../fit-assets.ts";
import { formatBytes } from "../format-bytes.ts";
import { printable } from "../printable.ts";
import { readDims } from "../read-dims.ts";
import { readTimeout } from "../read-timeout.ts";

export const assetsCommand: Command = {
  name: "assets",
  summary: "copy the runtime files that a page hosts, and fit them to models",
  help: `Usage: selvedge assets --out DIR [--fit --registry DIR]

Copies the runtimes (wasm and JavaScript of onnxruntime-web and TensorFlow.js) into folders of DIR
that are named after their versions. Host DIR, and give its address to createSelvedge as \`assets\`.
What is there already is left alone. runtimes.json, in the folder of onnxruntime-web, says what else
is there: send it as no-cache, and everything else for good.

With --fit, every model of a registry is loaded, run and woken here, and two smaller wasm are written
of the functions that it took: one that loads models and runs them, and one that only runs what was
woken. Whatever else is asked of them is answered by the full wasm. See docs/fitted-runtimes.md.

  --out DIR           the folder to host
  --fit               write fitted wasm too; what an earlier --fit wrote stays until the next one
  --registry DIR      the registry whose models they are fitted to
  --dims FILE         sizes of inputs to try besides, by model: {"ocr-rec": [{"x": [1, 3, 48, 812]}]}
  --timeout SECONDS   how long one session of a model may take for all of it (default 600)
  --json              print {folders, copied, kept, index} as JSON, with --fit {fit} too`,
  run: async (args, terminal, signal) => {
    const { values, positionals } = readCommandLine(args, {
      out: { type: "string" },
      fit: { type: "boolean" },
      registry: { type: "string" },
      dims: { type: "string" },
      timeout: { type: "string" },
      json: { type: "boolean" },
    });
    if (positionals.length > 0)
      throw new UsageError(`"${positionals[0]}" is one argument too many`);
    const out = required(values.out, "--out DIR");
    const timeoutMs = readTimeout(values.timeout);
    for (const flag of ["registry", "dims", "timeout"] as const)
      if (values.fit !== true && values[flag] !== undefined)
        throw new UsageError(`--${flag} is of use with --fit only`);
    const registry = values.fit === true ? required(values.registry, "--registry DIR") : "";
    const dims = values.dims === undefined ? {} : await readDims(values.dims);
    const assets = await copyAssets(out);
    const { folders, copied, kept, index } = assets;
    if (index.reason !== undefined)
      terminal.err(
        `selvedge: engines will be loaded and not woken, as this onnxruntime-web is not what it was taken to be: ${index.reason}. Models run all the same.`,
      );
    const onProgress = ({ title, done, all }: { title: string; done: number; all: number }) =>
      terminal.progress(`Fitting the runtime to ${printable(title)}, ${done + 1} of ${all}…`);
    const fit =
      values.fit === true
        ? await fitAssets(out, assets, { registry, dims, onProgress, timeoutMs, signal })
        : undefined;
    terminal.progress("");
    for (const warning of fit?.warnings ?? []) terminal.err(`selvedge: ${printable(warning)}`);
    if (values.json === true) {
      const facts = { folders, copied, kept, index };
      const { index: fitted, ...others } = fit ?? {};
      terminal.out(
        JSON.stringify(fit === undefined ? facts : { ...facts, index: fitted, fit: others }),
      );
      return undefined;
    }
    terminal.out(
      `${folders.join(", ")}: ${copied.length} files copied, ${kept.length} there already`,
    );
    if (fit !== undefined) tellFit(fit, terminal);
    return undefined;
  },
};

function tellFit({ models, sizes, removed, index }: FittedAssets, terminal: Terminal): void {
  terminal.out(`fitted to ${models.map(({ title }) => printable(title)).join(", ")}`);
  const kept = { load: index.load, run: index.run };
  for (const [purpose, { file, bytes, gzip }] of Object.entries(sizes)) {
    const functions = purpose === "full" ? undefined : kept[purpose as "load" | "run"]?.functions;
    const holds = functions === undefined ? "" : `, ${functions} functions`;
    terminal.out(
      `  ${purpose.padEnd(5)} ${formatBytes(bytes)}, ${formatBytes(gzip)} as gzip${holds}: ${file}`,
    );
  }
  if (removed.length > 0)
    terminal.out(`${removed.length} files of fits before the last were removed`);
}

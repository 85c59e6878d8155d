import { type DiffResult, diff } from "@selvedge/packer";
import { DTYPES } from "@selvedge/protocol";
import type { Command } from "../command.ts";
import { modelReference, readCommandLine, required, UsageError } from "../command-line.ts";
import { formatBytes } from "../format-bytes.ts";

export const diffCommand: Command = {
  name: "diff",
  summary: "show what an update makes a device download",
  help: `Usage: selvedge diff NAME@OLD NAME@NEW --registry DIR

Shows to the byte what a device that holds one version of a model downloads for another, part by
part, and why: manifest, graph, tensors, attachments and golden answers. The channel document and
HTTP's own headers are not counted.

  --registry DIR   the registry's folder
  --dtype DTYPE    the precision the device runs; without it the first of each version for WASM
  --json           print {name, from, to, dtype, items, fetched, full, images} as JSON`,
  run: async (args, terminal) => {
    const { values, positionals } = readCommandLine(args, {
      registry: { type: "string" },
      dtype: { type: "string" },
      json: { type: "boolean" },
    });
    const [first, second, ...rest] = positionals;
    if (first === undefined || second === undefined || rest.length > 0)
      throw new UsageError("two versions are compared: NAME@OLD NAME@NEW");
    const [from, to] = [modelReference(first), modelReference(second)];
    if (from.name !== to.name)
      throw new UsageError(`${from.name} and ${to.name} are two models, and share nothing`);
    const dtype = DTYPES.find((candidate) => candidate === values.dtype);
    if (values.dtype !== undefined && dtype === undefined)
      throw new UsageError(`--dtype ${values.dtype}: use one of ${DTYPES.join(", ")}`);
    const result = await diff({
      name: from.name,
      from: versionOf(from),
      to: versionOf(to),
      registry: required(values.registry, "--registry DIR"),
      dtype,
    });
    if (values.json === true) terminal.out(JSON.stringify(result));
    else for (const line of describe(result)) terminal.out(line);
    return undefined;
  },
};

function versionOf({ name, version }: ReturnType<typeof modelReference>): string {
  if (version === undefined) throw new UsageError(`which version of ${name}? Use ${name}@VERSION`);
  return version;
}

function describe({ name, from, to, dtype, items, fetched, full, images }: DiffResult): string[] {
  const share = ((100 * fetched) / full).toFixed(1);
  const rows = items.map(({ part, name: label, bytes, fetched: cost, how, why }) => [
    part,
    label,
    how,
    cost === 0 ? "–" : formatBytes(cost),
    `of ${formatBytes(bytes)}`,
    why,
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [
    `${name}@${from} → ${to} in ${dtype}: ${formatBytes(fetched)} of ${formatBytes(full)} (${share}%)`,
    ...rows.map(
      (row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`,
    ),
    ...images.map(
      ({ runtime, bytes, shared }) =>
        `  image for onnxruntime-web ${runtime}: ${formatBytes(bytes)}, for a first visit only; ${formatBytes(shared)} of it as in ${from}`,
    ),
  ];
}

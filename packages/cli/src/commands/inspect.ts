import { type InspectResult, inspect } from "@selvedge/packer";
import type { ValueInfo } from "@selvedge/protocol";
import type { Command } from "../command.ts";
import { modelReference, onlyArgument, readCommandLine, required } from "../command-line.ts";
import { describeTests } from "../describe-tests.ts";
import { describeVariants } from "../describe-variants.ts";
import { formatBytes } from "../format-bytes.ts";

export const inspectCommand: Command = {
  name: "inspect",
  summary: "show what a pack holds",
  help: `Usage: selvedge inspect NAME[@VERSION] --registry DIR

Shows what a pack holds. Without a version: the one that channel "stable" serves, or the only one.

  --registry DIR   the registry's folder
  --json           print everything as JSON: {name, version, digest, channels, content, manifest}`,
  run: async (args, terminal) => {
    const { values, positionals } = readCommandLine(args, {
      registry: { type: "string" },
      json: { type: "boolean" },
    });
    const result = await inspect({
      ...modelReference(onlyArgument(positionals, "NAME")),
      registry: required(values.registry, "--registry DIR"),
    });
    if (values.json === true) {
      const { manifest, digest, channels, content } = result;
      const { name, version } = manifest;
      terminal.out(JSON.stringify({ name, version, digest, channels, content, manifest }));
    } else for (const line of describe(result)) terminal.out(line);
    return undefined;
  },
};

function describe({ manifest, digest, manifestBytes, content, channels }: InspectResult): string[] {
  const { name, version, license, provenance, signature, golden, attachments } = manifest;
  const { file, bytes } = provenance.source;
  return [
    `${name}@${version}`,
    `  digest       ${digest} (manifest ${formatBytes(manifestBytes)})`,
    `  channels     ${channels.join(", ") || "none"}`,
    `  content      ${formatBytes(content.bytes)}, ${formatBytes(content.shared)} of it in other versions too`,
    `  licence      ${license}`,
    `  source       ${file}, ${formatBytes(bytes)}, sha256 ${provenance.source.sha256}`,
    ...(provenance.datasets ?? []).map(
      (dataset) => `  trained on   ${formatBytes(dataset.bytes)}, sha256 ${dataset.sha256}`,
    ),
    ...(provenance.commit === undefined ? [] : [`  commit       ${provenance.commit}`]),
    ...(provenance.parent === undefined ? [] : [`  made from    ${provenance.parent.version}`]),
    ...signature.inputs.map((value) => `  input        ${describeValue(value)}`),
    ...signature.outputs.map((value) => `  output       ${describeValue(value)}`),
    ...describeVariants(manifest).map((line) => `  variant      ${line}`),
    ...describeTests(manifest).map((line) => `  tested       ${line}`),
    ...attachments.map(
      (attachment) => `  attachment   ${attachment.name}, ${formatBytes(attachment.bytes)}`,
    ),
    `  golden       ${golden.cases.length === 1 ? "1 case" : `${golden.cases.length} cases`}`,
  ];
}

function describeValue({ name, dtype, dims }: ValueInfo): string {
  return `${name}: ${dtype}[${dims.map((dim) => (dim === -1 ? "any" : dim)).join(", ")}]`;
}

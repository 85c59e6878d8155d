import { type InspectResult, inspect, type VariantSharing } from "@selvedge/packer";
import type { ValueInfo } from "@selvedge/protocol";
import type { Command } from "../command.ts";
import { modelReference, onlyArgument, readCommandLine, required } from "../command-line.ts";
import { describeImages } from "../describe-images.ts";
import { describeLayers } from "../describe-layers.ts";
import { describeReference } from "../describe-reference.ts";
import { describeTests } from "../describe-tests.ts";
import { describeVariants } from "../describe-variants.ts";
import { formatBytes } from "../format-bytes.ts";
import { printable } from "../printable.ts";

export const inspectCommand: Command = {
  name: "inspect",
  summary: "show what a pack holds",
  help: `Usage: selvedge inspect NAME[@VERSION] --registry DIR

Shows what a pack holds: what each precision weighs and costs in error, its largest layers, and what
it shares with other versions. Without a version: the one that channel "stable" serves, or the only one.

  --registry DIR   the registry's folder
  --json           print everything as JSON: {name, version, digest, channels, content, sharedWith,
                   sharing, layers, images, manifestBytes, manifest}`,
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
      const { manifest, ...more } = result;
      const { name, version } = manifest;
      terminal.out(JSON.stringify({ name, version, ...more, manifest }));
    } else for (const line of describe(result, terminal.columns)) terminal.out(printable(line));
    return undefined;
  },
};

function describe(result: InspectResult, columns?: number): string[] {
  const { manifest, digest, manifestBytes, content, channels } = result;
  const { name, version, license, provenance, signature, golden, attachments } = manifest;
  const { file, bytes } = provenance.source;
  return [
    `${name}@${version}`,
    `  digest       ${digest} (manifest ${formatBytes(manifestBytes)})`,
    `  channels     ${channels.join(", ") || "none"}`,
    `  content      ${formatBytes(content.bytes)}, ${formatBytes(content.shared)} of it in other versions too`,
    ...result.sharedWith.map(
      ({ version: other, bytes: common }) => `  shared with  ${other}: ${formatBytes(common)}`,
    ),
    `  licence      ${license}`,
    `  source       ${file}, ${formatBytes(bytes)}, sha256 ${provenance.source.sha256}`,
    ...(provenance.source.external ?? []).map(
      (external) =>
        `  and          ${external.file}, ${formatBytes(external.bytes)}, sha256 ${external.sha256}`,
    ),
    ...(provenance.datasets ?? []).map(
      (dataset) => `  trained on   ${formatBytes(dataset.bytes)}, sha256 ${dataset.sha256}`,
    ),
    ...(provenance.commit === undefined ? [] : [`  commit       ${provenance.commit}`]),
    ...(provenance.parent === undefined ? [] : [`  made from    ${provenance.parent.version}`]),
    ...signature.inputs.map((value) => `  input        ${describeValue(value)}`),
    ...signature.outputs.map((value) => `  output       ${describeValue(value)}`),
    ...describeVariants(manifest).map((line) => `  variant      ${line}`),
    ...describeTests(manifest).map((line) => `  tested       ${line}`),
    ...describeImages(manifest).map((line) => `  image        ${line}`),
    ...result.sharing.flatMap(describeSharing).map((line) => `  shared       ${line}`),
    ...attachments.map(
      (attachment) => `  attachment   ${attachment.name}, ${formatBytes(attachment.bytes)}`,
    ),
    `  golden       ${golden.cases.length === 1 ? "1 case" : `${golden.cases.length} cases`}`,
    ...describeReference(manifest).map((line) => `  reference    ${line}`),
    ...describeLayers(result, columns),
  ];
}

function describeSharing(sharing: VariantSharing): string[] {
  const { dtype, requires, bytes, shared, deltas } = sharing;
  const name = [dtype, ...requires].join(" with ");
  const { count, insteadOf } = deltas;
  return [
    ...(shared === 0
      ? []
      : [`${name}: ${formatBytes(shared)} of ${formatBytes(bytes)} with other variants`]),
    ...(count === 0
      ? []
      : [
          `${name}: ${count === 1 ? "1 delta" : `${count} deltas`}, ${formatBytes(deltas.bytes)} instead of ${formatBytes(insteadOf)}`,
        ]),
  ];
}

function describeValue({ name, dtype, dims }: ValueInfo): string {
  return `${name}: ${dtype}[${dims.map((dim) => (dim === -1 ? "any" : dim)).join(", ")}]`;
}

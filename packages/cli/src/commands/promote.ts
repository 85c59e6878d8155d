import { promote } from "@selvedge/packer";
import type { Command } from "../command.ts";
import {
  modelReference,
  onlyArgument,
  readCommandLine,
  required,
  UsageError,
} from "../command-line.ts";

export const promoteCommand: Command = {
  name: "promote",
  summary: "serve a version on a channel",
  help: `Usage: selvedge promote NAME@VERSION --channel stable --registry DIR

Serves a version to every device on a channel; other channels stay as they are.

  --channel NAME   which channel, such as stable or beta
  --registry DIR   the registry's folder
  --key FILE       a private key to sign the channels with, such as channel.key.json of \`selvedge
                   keygen\`; channels that are signed cannot be promoted without it
  --root FILE      the root document, after the key was rotated
  --json           print {name, version, channel, outcome, digest, sequence} as JSON`,
  run: async (args, terminal) => {
    const { values, positionals } = readCommandLine(args, {
      channel: { type: "string" },
      registry: { type: "string" },
      key: { type: "string" },
      root: { type: "string" },
      json: { type: "boolean" },
    });
    const { name, version } = modelReference(onlyArgument(positionals, "NAME@VERSION"));
    if (version === undefined)
      throw new UsageError(`which version of ${name}? Use ${name}@VERSION`);
    const channel = required(values.channel, "--channel NAME");
    const registry = required(values.registry, "--registry DIR");
    const { key, root } = values;
    const result = await promote({ name, version, channel, registry, key, root });
    if (values.json === true) terminal.out(JSON.stringify({ name, version, channel, ...result }));
    else if (result.outcome === "promoted")
      terminal.out(`${channel} of ${name} now serves ${version} (sequence ${result.sequence})`);
    else terminal.out(`${channel} of ${name} serves ${version} already`);
    return undefined;
  },
};

import {
  changeRoot,
  type KeygenResult,
  keygen,
  publishRoot,
  type RootChange,
} from "@selvedge/packer";
import { ROLES } from "@selvedge/protocol";
import type { Command, Terminal } from "../command.ts";
import { readCommandLine, required, UsageError } from "../command-line.ts";

export const keygenCommand: Command = {
  name: "keygen",
  summary: "make keys that sign packs and channels, or rotate them",
  help: `Usage: selvedge keygen --out DIR [--rotate ROLE | --drop KEY | --renew | --publish REGISTRY]

Makes a key for packs, one for channels, and a root key, and writes root.json, which says which is
which and is signed by the root key. Files called *.key.json are secret; *.pub.json and root.json are
for whoever verifies. No key file is ever overwritten.

  --out DIR        the folder of the keys; made if it is not there
  --rotate ROLE    add a new key to the role pack or channel; the old one stays valid until it is dropped.
                   The role root gets a new key in the old one's place, and both sign root.json
  --drop KEY       take a key away, by its id or the first 8 digits of it or more
  --renew          only make root.json good for another year
  --publish REGISTRY
                   make and change nothing: copy root.json, and the versions in which the root key was
                   rotated, into a registry's folder, where devices look for them; no secret is needed
  --json           print {files, root, keys} as JSON, or {files, version, expires} of what --publish
                   handed out`,
  run: async (args, terminal) => {
    const { values, positionals } = readCommandLine(args, {
      out: { type: "string" },
      rotate: { type: "string" },
      drop: { type: "string" },
      renew: { type: "boolean" },
      publish: { type: "string" },
      json: { type: "boolean" },
    });
    if (positionals.length > 0)
      throw new UsageError(`"${positionals[0]}" is one argument too many`);
    const out = required(values.out, "--out DIR");
    const change = readChange(values);
    if (values.publish !== undefined) {
      if (change !== undefined) throw new UsageError("use --publish by itself, after the change");
      await publish({ out, registry: values.publish, asJson: values.json === true }, terminal);
      return undefined;
    }
    const result = await (change === undefined ? keygen({ out }) : changeRoot({ out, change }));
    if (values.json === true) terminal.out(JSON.stringify(result));
    else for (const line of describe(result)) terminal.out(line);
    return undefined;
  },
};

async function publish(
  { out, registry, asJson }: { out: string; registry: string; asJson: boolean },
  terminal: Terminal,
): Promise<void> {
  const result = await publishRoot({ out, registry });
  if (asJson) return terminal.out(JSON.stringify(result));
  for (const file of result.files) terminal.out(`wrote    ${file}`);
  const what = `version ${result.version}, good until ${result.expires}`;
  terminal.out(`${registry} hands out root.json ${what}`);
}

interface ChangeFlags {
  readonly rotate?: string | undefined;
  readonly drop?: string | undefined;
  readonly renew?: boolean | undefined;
}

function readChange({ rotate, drop, renew }: ChangeFlags): RootChange | undefined {
  const changes: RootChange[] = [];
  if (rotate !== undefined) {
    const role = ROLES.find((known) => known === rotate);
    if (role === undefined)
      throw new UsageError(`--rotate ${rotate}: use one of ${ROLES.join(", ")}`);
    changes.push({ kind: "rotate", role });
  }
  if (drop !== undefined) changes.push({ kind: "drop", key: drop });
  if (renew === true) changes.push({ kind: "renew" });
  if (changes.length > 1) throw new UsageError("use one of --rotate, --drop and --renew");
  return changes[0];
}

function describe({ files, root, keys }: KeygenResult): string[] {
  return [
    ...files.map((file) => `wrote    ${file}`),
    ...Object.entries(keys).flatMap(([role, ids]) => ids.map((id) => `${role.padEnd(8)} ${id}`)),
    `${root.file} is version ${root.version}, good until ${root.expires}`,
  ];
}

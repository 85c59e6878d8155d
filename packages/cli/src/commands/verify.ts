import { verify } from "@selvedge/packer";
import { type Command, WRONG } from "../command.ts";
import { modelReference, onlyArgument, readCommandLine, required } from "../command-line.ts";
import { printable } from "../printable.ts";
import { readTimeout } from "../read-timeout.ts";

export const verifyCommand: Command = {
  name: "verify",
  summary: "check a pack's digests, signatures and golden answers",
  help: `Usage: selvedge verify NAME[@VERSION] --registry DIR

Checks every digest, where deltas lead, the channels, and the golden answers. Without a version: all
of them. Exits with 1 if anything is wrong. Says which byte of which tensor is wrong where the right
one can be told, from a delta or another copy; otherwise in which megabyte it is. Signatures are
checked with the keys that are given, and with none not at all.

  --registry DIR       the registry's folder
  --key FILE           the public key that packs are signed with, such as pack.pub.json
  --channel-key FILE   the public key that channels are signed with, such as channel.pub.json
  --root FILE          a root document, whose keys both are checked with
  --eval FILE          the file of --eval that a version was packed with: its digest has to be the same,
                       and its metrics what was recorded, give or take a hundredth
  --regression FILE    the file of --regression it was packed with: every case still has to hold
  --vocabulary FILE    the file of --vocabulary it was packed with, if any
  --root-from FILE     the root document you trusted so far, which that one has to follow from
  --timeout SECONDS    how long loading a model, or running it once, may take (default 600)
  --json               print {name, ok, versions, problems, warnings} as JSON`,
  run: async (args, terminal, signal) => {
    const { values, positionals } = readCommandLine(args, {
      registry: { type: "string" },
      key: { type: "string" },
      "channel-key": { type: "string" },
      root: { type: "string" },
      eval: { type: "string" },
      regression: { type: "string" },
      vocabulary: { type: "string" },
      "root-from": { type: "string" },
      timeout: { type: "string" },
      json: { type: "boolean" },
    });
    const reference = modelReference(onlyArgument(positionals, "NAME"));
    const registry = required(values.registry, "--registry DIR");
    terminal.progress(`Verifying ${reference.name}…`);
    const { versions, problems, warnings } = await verify({
      ...reference,
      registry,
      key: values.key,
      channelKey: values["channel-key"],
      root: values.root,
      evaluation: values.eval,
      regression: values.regression,
      vocabulary: values.vocabulary,
      rootFrom: values["root-from"],
      timeoutMs: readTimeout(values.timeout),
      signal,
    });
    terminal.progress("");
    for (const warning of warnings) terminal.err(`selvedge: ${printable(warning)}`);
    const ok = problems.length === 0;
    if (values.json === true)
      terminal.out(JSON.stringify({ name: reference.name, ok, versions, problems, warnings }));
    else if (ok)
      for (const { version, digest } of versions)
        terminal.out(`${reference.name}@${version} is as it should be (${digest})`);
    else
      for (const { version, message } of problems) {
        const where = version === undefined ? reference.name : `${reference.name}@${version}`;
        terminal.out(`${where}: ${printable(message)}`);
      }
    if (ok) return undefined;
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    terminal.err(
      `selvedge: ${count} in ${reference.name}. Restore what is damaged, or pack it again.`,
    );
    return WRONG;
  },
};

import { writeModelTypes } from "@selvedge/packer";
import type { Command } from "../command.ts";
import { readCommandLine, required, UsageError } from "../command-line.ts";

export const typesCommand: Command = {
  name: "types",
  summary: "write TypeScript types of a registry's models",
  help: `Usage: selvedge types --registry DIR --out FILE

Writes declarations with which load("NAME") knows a model's inputs by name and type, and its outputs by
name, type and rank. They are those of the versions that channel "stable" serves. FILE has to be part of your program, such
as src/models.d.ts; a registry that did not change gives the same file.

  --registry DIR   the registry's folder
  --out FILE       the file to write
  --json           print {file, outcome, models, warnings} as JSON`,
  run: async (args, terminal) => {
    const { values, positionals } = readCommandLine(args, {
      registry: { type: "string" },
      out: { type: "string" },
      json: { type: "boolean" },
    });
    if (positionals.length > 0)
      throw new UsageError(`"${positionals[0]}" is one argument too many`);
    const registry = required(values.registry, "--registry DIR");
    const out = required(values.out, "--out FILE");
    const result = await writeModelTypes({ registry, out });
    const { file, outcome, models, warnings } = result;
    for (const warning of warnings) terminal.err(`selvedge: ${warning}`);
    if (values.json === true) terminal.out(JSON.stringify(result));
    else
      terminal.out(`${file} ${outcome}: ${models.map(({ name }) => name).join(", ") || "nothing"}`);
    return undefined;
  },
};

import { SelvedgeError } from "@selvedge/protocol";
import { type Command, type Terminal, WRONG } from "./command.ts";
import { UsageError } from "./command-line.ts";
import { assetsCommand } from "./commands/assets.ts";
import { diffCommand } from "./commands/diff.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { keygenCommand } from "./commands/keygen.ts";
import { packCommand } from "./commands/pack.ts";
import { promoteCommand } from "./commands/promote.ts";
import { serveCommand } from "./commands/serve.ts";
import { typesCommand } from "./commands/types.ts";
import { verifyCommand } from "./commands/verify.ts";

const COMMANDS: readonly Command[] = [
  packCommand,
  inspectCommand,
  diffCommand,
  verifyCommand,
  promoteCommand,
  keygenCommand,
  typesCommand,
  assetsCommand,
  serveCommand,
];

const USAGE = 2;

/**
 * Runs the tool.
 *
 * @param args the command line, without node and the script
 * @returns the exit status: 0 done, 1 the thing asked about is wrong, 2 usage
 */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h" || name === "help") {
    terminal.out(overview());
    return 0;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const names = COMMANDS.map((candidate) => candidate.name).join(", ");
    const what = name === undefined ? "which command" : `there is no command "${name}"`;
    terminal.err(`selvedge: ${what}? Use one of ${names}, or --help.`);
    return USAGE;
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    terminal.out(command.help);
    return 0;
  }
  try {
    return (await command.run(rest, terminal)) ?? 0;
  } catch (error) {
    terminal.progress("");
    return report(error, command, terminal);
  }
}

function report(error: unknown, command: Command, terminal: Terminal): number {
  if (error instanceof UsageError) {
    terminal.err(`selvedge: ${error.message}. See \`selvedge ${command.name} --help\`.`);
    return USAGE;
  }
  const message = error instanceof Error ? error.message : String(error);
  terminal.err(`selvedge: ${message.replace(/\s*\n\s*/g, " ")}`);
  return error instanceof SelvedgeError && error.code === "options-invalid" ? USAGE : WRONG;
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Packs models, publishes them, and serves them to the Selvedge SDK.

Usage: selvedge COMMAND …

${lines.join("\n")}

\`selvedge COMMAND --help\` says more. Exit status: 0 done, 1 the thing asked about is wrong, 2 usage.`;
}

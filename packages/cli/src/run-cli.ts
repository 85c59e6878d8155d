import { SelvedgeError } from "@selvedge/protocol";
import { cliVersion } from "./cli-version.ts";
import { type Command, type Terminal, WRONG } from "./command.ts";
import { UsageError } from "./command-line.ts";
import { assetsCommand } from "./commands/assets.ts";
import { diffCommand } from "./commands/diff.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { keygenCommand } from "./commands/keygen.ts";
import { packCommand } from "./commands/pack.ts";
import { promoteCommand } from "./commands/promote.ts";
import { replayCommand } from "./commands/replay.ts";
import { serveCommand } from "./commands/serve.ts";
import { typesCommand } from "./commands/types.ts";
import { verifyCommand } from "./commands/verify.ts";
import { printable } from "./printable.ts";

const COMMANDS: readonly Command[] = [
  packCommand,
  inspectCommand,
  diffCommand,
  verifyCommand,
  replayCommand,
  promoteCommand,
  keygenCommand,
  typesCommand,
  assetsCommand,
  serveCommand,
];

const USAGE = 2;

/** What a shell reports of a process that Ctrl-C, or SIGTERM, ended. */
const INTERRUPTED: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };

/**
 * Runs the tool.
 *
 * @param args the command line, without node and the script
 * @param signal gives the command up; its reason's message is the name of what was received
 * @returns the exit status: 0 done, 1 the thing asked about is wrong, 2 usage, 130 or 143 interrupted
 */
export async function runCli(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  if (args[0] === "--version") {
    terminal.out(await cliVersion());
    return 0;
  }
  // `help pack` is `pack --help`.
  const [name, ...rest] = args[0] === "help" && args.length > 1 ? [...args.slice(1), "-h"] : args;
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
    return (await command.run(rest, terminal, signal)) ?? 0;
  } catch (error) {
    terminal.progress("");
    if (signal.aborted) {
      terminal.err("selvedge: interrupted. Nothing was changed.");
      return INTERRUPTED[signal.reason.message] ?? WRONG;
    }
    return report(error, command, terminal);
  }
}

function report(error: unknown, command: Command, terminal: Terminal): number {
  if (error instanceof UsageError) {
    terminal.err(`selvedge: ${error.message}. See \`selvedge ${command.name} --help\`.`);
    return USAGE;
  }
  const message = error instanceof Error ? error.message : String(error);
  terminal.err(`selvedge: ${printable(message)}`);
  return error instanceof SelvedgeError && error.code === "options-invalid" ? USAGE : WRONG;
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Packs models, publishes them, and serves them to the Selvedge SDK.

Usage: selvedge COMMAND …

${lines.join("\n")}

\`selvedge COMMAND --help\` says more, \`selvedge --version\` which version this is. Exit status: 0 done,
1 the thing asked about is wrong, 2 usage, 130 interrupted.`;
}

import { type ParseArgsConfig, parseArgs } from "node:util";

/** A command line that makes no sense; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

type Options = NonNullable<ParseArgsConfig["options"]>;

type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ options: T; allowPositionals: true; strict: true; tokens: true }>
>;

/**
 * Reads flags and positional arguments.
 *
 * @throws UsageError for flags the command does not have, and values that are missing.
 */
export function readCommandLine<const T extends Options>(
  args: readonly string[],
  options: T,
): Parsed<T> {
  try {
    return parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
      // Flags in their order, for those that belong to one before them.
      tokens: true,
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // Node goes on to explain how to pass values that begin with a dash.
    const [what] = message.split(/\. |\n/);
    throw new UsageError(`${what?.replace(/\.$/, "")}`);
  }
}

/** The one positional argument of a command. */
export function onlyArgument(positionals: readonly string[], name: string): string {
  const [argument, ...rest] = positionals;
  if (argument === undefined || argument === "") throw new UsageError(`${name} is missing`);
  if (rest.length > 0) throw new UsageError(`only one ${name} is taken, not also "${rest[0]}"`);
  return argument;
}

/** The value of a flag that a command cannot do without. */
export function required(value: string | undefined, flag: string): string {
  if (value === undefined || value === "") throw new UsageError(`${flag} is missing`);
  return value;
}

/** A model, and a version of it where one is named. */
export interface ModelReference {
  readonly name: string;
  readonly version: string | undefined;
}

/** Reads `NAME` or `NAME@VERSION`. */
export function modelReference(argument: string): ModelReference {
  const at = argument.indexOf("@");
  if (at === -1) return { name: argument, version: undefined };
  const version = argument.slice(at + 1);
  if (at === 0 || version === "") throw new UsageError(`"${argument}" is not NAME@VERSION`);
  return { name: argument.slice(0, at), version };
}

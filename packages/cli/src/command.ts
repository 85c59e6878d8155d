/** Where a command writes. */
export interface Terminal {
  /** A line of the answer. */
  out(line: string): void;
  /** A line about the answer. */
  err(line: string): void;
  /** What is being done right now, where someone is watching; an empty text when it is done. */
  progress(text: string): void;
  /** How many characters a line of the answer may have; absent where nobody looks at it. */
  readonly columns?: number | undefined;
}

/** Exit status for something that is wrong with what the command was asked about. */
export const WRONG = 1;

/** One thing the tool can do. */
export interface Command {
  readonly name: string;
  /** A line for the list of commands. */
  readonly summary: string;
  /** What `--help` says. */
  readonly help: string;
  /**
   * Does it.
   *
   * @param signal aborted when it is to be given up; what takes long has to heed it
   * @returns the exit status; nothing means 0
   * @throws UsageError for a command line that makes no sense, SelvedgeError for everything else.
   */
  run(
    args: readonly string[],
    terminal: Terminal,
    signal: AbortSignal,
  ): Promise<number | undefined>;
}

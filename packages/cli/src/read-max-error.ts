import { UsageError } from "./command-line.ts";

/**
 * Reads `--max-error 0.1`.
 *
 * @throws UsageError for what is no share: a number of more than 0 and less than 1.
 */
export function readMaxError(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const share = text.trim() === "" ? Number.NaN : Number(text);
  if (share > 0 && share < 1) return share;
  throw new UsageError(
    `--max-error ${text}: it has to be a share of fp32's answers, more than 0 and less than 1, such as 0.1`,
  );
}

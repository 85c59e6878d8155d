import { SelvedgeError } from "selvedge";
import { INSECURE, PROBLEM_BY_CODE, type Problem, UNSUPPORTED } from "./problem.ts";

/** What the page lacks here, found before anything is fetched. */
export class UnsupportedPageError extends Error {
  override readonly name = "UnsupportedPageError";
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

const UNKNOWN: Problem = {
  title: "Something went wrong.",
  advice: "Try again, or reload the page.",
  canRetry: true,
};

/** What to tell people about an error, whatever it is. */
export function explain(error: unknown): Problem {
  if (error instanceof UnsupportedPageError) return error.problem;
  const message = error instanceof Error ? error.message : String(error);
  const known = error instanceof SelvedgeError ? PROBLEM_BY_CODE[error.code] : undefined;
  return { ...(known ?? UNKNOWN), detail: message };
}

/** What this page needs of a browser beyond what the SDK itself checks. */
export function findMissing(): Problem | undefined {
  if (!isSecureContext) return INSECURE;
  const needed = ["Worker", "WebAssembly", "OffscreenCanvas", "createImageBitmap"];
  const missing = needed.filter((name) => !(name in globalThis));
  if (missing.length === 0) return undefined;
  return { ...UNSUPPORTED, detail: `It lacks ${missing.join(", ")}.` };
}

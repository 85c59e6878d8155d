import { SelvedgeError } from "@selvedge/protocol";

/** A model that was asked for and could not be had. */
export interface LoadFailure {
  readonly model: string;
  /** As `SelvedgeError` has it; the error's own name where it is none. */
  readonly code: string;
  readonly message: string;
  /** When, in ISO 8601. */
  readonly at: string;
}

const KEPT = 10;

/** The latest loads that failed on a page: a model that is not there cannot tell why itself. */
export class LoadFailures {
  readonly list: LoadFailure[] = [];

  /** Writes a failure down. That a load was taken back is none. */
  add(model: string, error: unknown): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const code = error instanceof SelvedgeError ? error.code : name;
    if (name !== "AbortError")
      this.list.push({ model, code, message, at: new Date().toISOString() });
    if (this.list.length > KEPT) this.list.shift();
  }
}

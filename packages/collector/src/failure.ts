import { type ErrorCode, SelvedgeError } from "@selvedge/protocol";

/** What an error is to whoever sent the request. */
export interface Failure {
  readonly status: 400 | 401 | 404 | 413 | 415 | 429 | 500 | 503;
  readonly code: string;
  readonly message: string;
  /** When to come back, in seconds, where that helps. */
  readonly retryAfterS?: number;
}

/** A request that is turned away without a look at what it brings. */
export class Refused extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

const STATUS: { readonly [code in ErrorCode]?: Failure["status"] } = {
  "telemetry-invalid": 400,
  "telemetry-too-large": 413,
  "options-invalid": 400,
  "not-found": 404,
  // What the registry has cannot be believed: to whoever asks, it is as good as not there.
  "signature-invalid": 404,
  unsupported: 415,
  closed: 503,
  "store-failed": 503,
};

const STORE_RETRY_AFTER_S = 5;

/** Says what to answer to an error; one that is the collector's own is written to its log. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof Refused) return error.failure;
  const status = error instanceof SelvedgeError ? (STATUS[error.code] ?? 500) : 500;
  if (status < 500 && error instanceof SelvedgeError)
    return { status, code: error.code, message: error.message };
  // What went wrong inside is for the one who runs the collector, not for whoever asked.
  console.error(error);
  if (status !== 503)
    return { status, code: "internal", message: "The collector failed to answer this." };
  return {
    status,
    code: "store-failed",
    message: "The store cannot answer now. Try again later.",
    retryAfterS: STORE_RETRY_AFTER_S,
  };
}

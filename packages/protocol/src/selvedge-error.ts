/**
 * Every reason a Selvedge call can fail. The table in `docs/errors.md` says what each one means and
 * what to do about it.
 */
export const ERROR_CODES = [
  // The page and its device
  "insecure-context",
  "unsupported",
  "options-invalid",
  "closed",
  "disposed",
  // Registry and delivery
  "network",
  "not-found",
  "response-invalid",
  "metered",
  "channel-invalid",
  "channel-missing",
  "manifest-invalid",
  "manifest-unsupported",
  "integrity",
  "attachment-missing",
  // What the device stores
  "storage-unavailable",
  "storage-full",
  "storage-damaged",
  // Running a model
  "assets-missing",
  "no-candidate",
  "session-failed",
  "run-failed",
  "engine-crashed",
  "engine-timeout",
  "device-lost",
  "out-of-memory",
  "input-missing",
  "input-unknown",
  "input-type",
  "input-shape",
  // What a model answered before
  "prediction-unknown",
  "prediction-not-captured",
  "feedback-invalid",
  "capture-invalid",
  // Packing and publishing
  "model-invalid",
  "model-unsupported",
  "version-exists",
  "golden-failed",
  "tests-failed",
  "registry-invalid",
  // Keys and signatures
  "key-invalid",
  "root-invalid",
  "signature-invalid",
  "document-expired",
  "document-not-yet-valid",
  "document-rolled-back",
  "document-conflicting",
  // The collector
  "telemetry-invalid",
  "telemetry-too-large",
  "store-failed",
] as const;

/** One of the reasons a Selvedge call can fail. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What a failure was about, for code that wants more than the message. Structured-cloneable. */
export type ErrorDetail = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/**
 * The one error class of Selvedge. `code` is for programs; `message` says what failed, on what, and
 * what to do next.
 *
 * @example
 * ```ts
 * try {
 *   await selvedge.load("ocr-rec");
 * } catch (error) {
 *   if (error instanceof SelvedgeError && error.code === "network") showOffline();
 *   else throw error;
 * }
 * ```
 */
export class SelvedgeError extends Error {
  override readonly name = "SelvedgeError";
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; detail?: ErrorDetail } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = options.detail ?? {};
  }
}

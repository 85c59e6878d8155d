import type { Choice } from "./choice.ts";

/**
 * Whether telemetry runs. `off`: there is no endpoint, and the user has not been heard to turn it off.
 * `unknown`: it has not been read yet what the user chose before. `refused`: the browser says that its
 * user does not want to be measured.
 */
export type TelemetryState = "off" | "unknown" | "enabled" | "disabled" | "refused";

/** How a page wants consent handled. */
export interface ConsentPolicy {
  /** `granted`: telemetry runs until it is turned off. `required`: it does not before it is turned on. */
  readonly consent: "granted" | "required";
  /** Whether Do-Not-Track and Global Privacy Control are honoured. */
  readonly respectPrivacySignals: boolean;
}

/** What browsers say in their user's name. */
export interface PrivacySignals {
  /** @see https://privacycg.github.io/gpc-spec/ */
  readonly globalPrivacyControl?: boolean;
  readonly doNotTrack?: string | null;
}

/** Whether a user's browser asks not to be measured. */
function asksForPrivacy({ globalPrivacyControl, doNotTrack }: PrivacySignals): boolean {
  return globalPrivacyControl === true || doNotTrack === "1";
}

/** What the user has said, as far as it is known. */
export class Consent {
  readonly #policy: ConsentPolicy | undefined;
  readonly #isRefused: boolean;
  #choice: Choice | "unread" | undefined = "unread";

  /** @param policy absent: there is no telemetry */
  constructor(policy: ConsentPolicy | undefined, signals: PrivacySignals) {
    this.#policy = policy;
    this.#isRefused = policy?.respectPrivacySignals === true && asksForPrivacy(signals);
  }

  get state(): TelemetryState {
    if (this.#policy === undefined) return this.#choice === "denied" ? "disabled" : "off";
    if (this.#isRefused) return "refused";
    if (this.#choice === "unread") return "unknown";
    const isGranted = (this.#choice ?? this.#policy.consent) === "granted";
    return isGranted ? "enabled" : "disabled";
  }

  /** Whether anything may be measured, if only to be thrown away once the user's choice has been read. */
  get mayRecord(): boolean {
    const isLikely = this.state === "unknown" && this.#policy?.consent === "granted";
    return this.state === "enabled" || isLikely;
  }

  /** Whether calls are kept from watchers until the user's choice has been read. */
  get isHeld(): boolean {
    return this.#choice === "unread" && !this.#isRefused && this.#policy?.consent !== "required";
  }

  /** Whether the user's choice is still to be read. */
  get isUnread(): boolean {
    return this.state === "unknown";
  }

  /** The user's choice, as it was read or made. `undefined`: none. */
  set choice(choice: Choice | undefined) {
    this.#choice = choice;
  }
}

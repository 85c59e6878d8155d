import type { ErrorCode } from "selvedge";

/** A failure in the words of the person in front of it. */
export interface Problem {
  readonly title: string;
  /** What to do about it. */
  readonly advice: string;
  /** The failure in its own words. */
  readonly detail?: string;
  /** Whether trying again without changing anything may help. */
  readonly canRetry: boolean;
}

const REGISTRY: Problem = {
  title: "The registry has nothing usable for this page.",
  advice:
    "The server answered, but not with models that check out. Whoever runs it can pack them again.",
  canRetry: true,
};

const STOPPED: Problem = {
  title: "A model stopped working on this device.",
  advice: "Try again. If it keeps happening, close other tabs, or reload the page.",
  canRetry: true,
};

export const INSECURE: Problem = {
  title: "This address is not secure, so the models stay switched off.",
  advice: "Browsers allow what they need only over https:// or on localhost. Open this page there.",
  canRetry: false,
};

export const UNSUPPORTED: Problem = {
  title: "This browser cannot run the models.",
  advice:
    "A current Chrome, Edge, Firefox or Safari can. Update this browser, or open the page in one of those.",
  canRetry: false,
};

/** The failures a page like this meets, by the code of their `SelvedgeError`. */
export const PROBLEM_BY_CODE: { readonly [Code in ErrorCode]?: Problem } = {
  "insecure-context": INSECURE,
  unsupported: UNSUPPORTED,
  "storage-unavailable": {
    title: "This browser refuses to store the models.",
    advice:
      "Private windows and some settings switch IndexedDB off. Open the page in a normal window, or allow it to keep data.",
    canRetry: true,
  },
  "storage-full": {
    title: "There is no room left for the models.",
    advice: "They take about 16 MB. Free some space on this device, then try again.",
    canRetry: true,
  },
  "storage-damaged": {
    title: "The stored models were damaged.",
    advice: "Try again: what is damaged is fetched anew.",
    canRetry: true,
  },
  network: {
    title: "The registry cannot be reached.",
    advice:
      "The models have not been fetched to this device yet, so it needs a connection once. Check it, then try again.",
    canRetry: true,
  },
  "not-found": REGISTRY,
  "response-invalid": REGISTRY,
  "channel-invalid": REGISTRY,
  "channel-missing": REGISTRY,
  "manifest-invalid": REGISTRY,
  "manifest-unsupported": REGISTRY,
  "attachment-missing": REGISTRY,
  integrity: {
    title: "What arrived is not what was published.",
    advice:
      "The bytes were refused and nothing was run. Try again; if it stays, something between you and the server changes them.",
    canRetry: true,
  },
  "assets-missing": {
    title: "The server does not have the runtime.",
    advice: "Whoever runs it has to serve the runtime files under /selvedge/.",
    canRetry: true,
  },
  "no-candidate": {
    title: "The backend asked for does not work here.",
    advice: "Open the page without ?backend=… in its address: it then picks one that does.",
    canRetry: false,
  },
  "session-failed": STOPPED,
  "run-failed": STOPPED,
  "engine-crashed": STOPPED,
  "engine-timeout": STOPPED,
};

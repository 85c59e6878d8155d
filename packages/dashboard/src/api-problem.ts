/** Why the collector's answers could not be had. */
export type ApiFault =
  | { readonly kind: "unreachable" }
  | { readonly kind: "timeout" }
  | { readonly kind: "status"; readonly path: string; readonly status: number }
  | { readonly kind: "format"; readonly path: string };

export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly fault: ApiFault;

  constructor(fault: ApiFault, options?: ErrorOptions) {
    super(describeFault(fault).what, options);
    this.fault = fault;
  }
}

/** What happened, and what to do about it. */
export function describeFault(fault: ApiFault): { readonly what: string; readonly next: string } {
  switch (fault.kind) {
    case "unreachable":
      return {
        what: "The collector cannot be reached.",
        next: "Is “selvedge serve” still running, and this device online?",
      };
    case "timeout":
      return {
        what: "The collector takes too long to answer.",
        next: "A shorter time range asks less of it.",
      };
    case "status":
      return {
        what: `The collector answered ${fault.status} to ${fault.path}.`,
        next: nextForStatus(fault.status),
      };
    case "format":
      return {
        what: `The collector’s answer to ${fault.path} is not one this page understands.`,
        next: "If it has been updated, reload the page.",
      };
  }
}

function nextForStatus(status: number): string {
  if (status === 401 || status === 403) return "It wants a token that may read /api.";
  if (status === 429) return "It is asked too often: in a while it answers again.";
  if (status === 404) return "It knows nothing of it: choose another model, version or time range.";
  if (status < 500) return "It does not take this question: choose another model or time range.";
  return "Its log says why.";
}

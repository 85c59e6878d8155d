import type { Visit } from "./visit.ts";

/** What any engine on any browser must do through the public SDK, by a sentence that says it. Each throws where it does not hold. */
export type Contracts = Readonly<Record<string, (visit: Visit) => Promise<void>>>;

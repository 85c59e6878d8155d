import { ANSWERS } from "./answers.ts";
import { CALLS } from "./calls.ts";
import type { Contracts } from "./contract.ts";
import { DIAGNOSIS } from "./diagnosis.ts";
import { LIFETIMES } from "./lifetimes.ts";
import { PLACES } from "./places.ts";

/** The whole suite: Chromium, Firefox and WebKit run the same. */
export const CONTRACTS: Contracts = { ...ANSWERS, ...PLACES, ...CALLS, ...LIFETIMES, ...DIAGNOSIS };

import { type ErrorCode, SelvedgeError } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { failureOf, isOfCandidate } from "./contest-failure.ts";
import { Unjudged } from "./rivals.ts";

const error = (code: ErrorCode) => new SelvedgeError(code, code);

test.each(["no-candidate", "run-failed", "session-failed", "engine-timeout"] as const)(
  "a candidate that fails with %s is turned down, and that is remembered",
  (code) => {
    expect(failureOf(error(code))).toEqual({ state: "rejected", reason: code, code });
    expect(isOfCandidate(error(code))).toBe(true);
  },
);

test.each(["metered", "network"] as const)(
  "one that could not be fetched (%s) waits, and nothing is held against it",
  (code) => {
    expect(failureOf(error(code)).state).toBe("waiting");
    expect(isOfCandidate(error(code))).toBe(false);
  },
);

test("one whose runtime is not hosted is turned down for this visit only", () => {
  expect(failureOf(error("assets-missing")).state).toBe("rejected");
  expect(isOfCandidate(error("assets-missing"))).toBe(false);
});

test("a failure of what serves is none of the candidate's", () => {
  const unjudged = new Unjudged("what serves crashed", { cause: error("engine-crashed") });
  expect(failureOf(unjudged)).toMatchObject({ state: "waiting", reason: "what serves crashed" });
  expect(isOfCandidate(unjudged)).toBe(false);
});

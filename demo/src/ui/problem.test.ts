import { expect, test } from "vitest";
import { PROBLEM_BY_CODE } from "./problem.ts";

test("what trying again cannot mend offers no retry", () => {
  const hopeless = Object.entries(PROBLEM_BY_CODE)
    .filter(([, problem]) => !problem.canRetry)
    .map(([code]) => code);
  expect(hopeless.toSorted()).toEqual(["insecure-context", "no-candidate", "unsupported"]);
});

test("everything that can go wrong on the way from the registry is explained", () => {
  const codes = [
    "network",
    "not-found",
    "response-invalid",
    "channel-invalid",
    "channel-missing",
    "manifest-invalid",
    "manifest-unsupported",
    "integrity",
    "attachment-missing",
    "storage-unavailable",
    "storage-full",
    "storage-damaged",
    "assets-missing",
  ];
  expect(codes.filter((code) => !(code in PROBLEM_BY_CODE))).toEqual([]);
});

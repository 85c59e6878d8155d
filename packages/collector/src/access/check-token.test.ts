import { expect, test } from "vitest";
import { createTokenCheck, digestOf } from "./check-token.ts";

const check = createTokenCheck([
  { name: "shop", sha256: digestOf("the-token-of-the-shop") },
  { name: "till", sha256: digestOf("the-token-of-the-till") },
]);

test("knows whose token it is", () => {
  expect(check("Bearer the-token-of-the-shop")).toBe("shop");
  expect(check("bearer  the-token-of-the-till")).toBe("till");
});

test.each([
  undefined,
  "",
  "Bearer",
  "Bearer ",
  "the-token-of-the-shop",
  "Basic the-token-of-the-shop",
  "Bearer the-token-of-the-sho",
  "Bearer the-token-of-the-shop2",
  "Bearer the-token-of-the-shop the-token-of-the-till",
  "Bearer the-token-of-the-shop\n",
  `Bearer ${"x".repeat(100_000)}`,
])("knows nobody by %j", (header) => {
  expect(check(header)).toBeUndefined();
});

import { expect, test } from "vitest";
import { told } from "./told.ts";

test("a truth is counted, or it is said why not", async () => {
  expect(await told(Promise.resolve(true))).toEqual({ text: "counted" });
  expect((await told(Promise.resolve(false))).text).toContain("nothing is sent");
  expect(await told(Promise.reject(new Error("too many answers ago")))).toEqual({
    text: "could not be counted",
    reason: "too many answers ago",
  });
});

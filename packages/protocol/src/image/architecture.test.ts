import { arch } from "node:process";
import { expect, test } from "vitest";
import { architecture } from "./architecture.ts";

test("tells x86 from what is not", () => {
  expect(architecture()).toBe(arch === "x64" || arch === "ia32" ? "x86" : "other");
});

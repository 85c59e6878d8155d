import { expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { SDK_VERSION } from "./version.ts";

test("the version that telemetry tells is the package's", () => {
  expect(SDK_VERSION).toBe(manifest.version);
});

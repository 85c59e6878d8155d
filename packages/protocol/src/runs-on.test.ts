import { expect, test } from "vitest";
import { runsOn } from "./runs-on.ts";

const variant = { backends: ["webgpu"], requires: ["shader-f16", "subgroups"] };

test("a device runs a variant whose backend it is, and of whose needs it lacks none", () => {
  const features = ["subgroups", "timestamp-query", "shader-f16"];
  expect(runsOn(variant, { backend: "webgpu", features })).toBe(true);
  expect(runsOn({ ...variant, requires: [] }, { backend: "webgpu", features: [] })).toBe(true);
});

test.each([
  ["another backend", "wasm", ["shader-f16", "subgroups"]],
  ["one feature too few", "webgpu", ["shader-f16"]],
])("a device with %s does not", (_, backend, features) => {
  expect(runsOn(variant, { backend, features })).toBe(false);
});

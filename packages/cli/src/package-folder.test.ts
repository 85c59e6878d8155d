import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packageFolder } from "./package-folder.ts";

it("finds a package that exports nothing of its own folder", () => {
  const folder = packageFolder("onnxruntime-web", import.meta.url);
  expect(existsSync(join(folder, "dist"))).toBe(true);
});

it("says that a package is not installed", () => {
  expect(() => packageFolder("@selvedge/nothing", import.meta.url)).toThrow(
    expect.objectContaining({ code: "not-found", message: expect.stringContaining("npm install") }),
  );
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { ROOT } from "./places.ts";

const ENTRIES = {
  "@selvedge/protocol": "packages/protocol/dist/index.d.ts",
  selvedge: "packages/sdk/dist/index.d.ts",
  "selvedge/runtime-files": "packages/sdk/dist/engine/runtime-files.d.ts",
  "@selvedge/packer": "packages/packer/dist/index.d.ts",
  "@selvedge/collector": "packages/collector/dist/index.d.ts",
};

test("what packages export is what export-surface.json says", async () => {
  const expected = JSON.parse(await readFile(join(ROOT, "e2e/export-surface.json"), "utf8"));
  const found = Object.fromEntries(
    await Promise.all(
      Object.entries(ENTRIES).map(async ([name, file]) => [
        name,
        exportsOf(await readFile(join(ROOT, file), "utf8")),
      ]),
    ),
  );
  // To change it on purpose, copy what was received into the file.
  expect(found).toEqual(expected);
});

test("every package can be imported where there is no browser", async () => {
  for (const name of Object.keys(ENTRIES)) expect(Object.keys(await import(name))).not.toEqual([]);
});

/** The names a declaration file exports, types included. */
function exportsOf(declarations: string): string[] {
  const lists = [...declarations.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list]) =>
    (list ?? "").split(",").map((item) => item.replace(/^\s*type /, "").trim()),
  );
  const direct = [
    ...declarations.matchAll(/export (?:declare )?(?:const|interface|function) (\w+)/g),
  ];
  return [...lists, ...direct.map(([, name]) => name ?? "")].filter(Boolean).sort();
}

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { storeContract } from "../contract/store-contract.ts";
import { openDuckDbStore } from "./open-duckdb-store.ts";

storeContract("a store in DuckDB", {
  open: openDuckDbStore,
  module: {
    file: fileURLToPath(new URL("open-duckdb-store.ts", import.meta.url)),
    open: openDuckDbStore.name,
  },
});

describe("a file that is no store of this version", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "selvedge-duckdb-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("is refused where its directory is missing", async () => {
    await expect(openDuckDbStore(join(folder, "missing", "store"))).rejects.toMatchObject({
      code: "store-failed",
    });
  });

  test("is refused where it is something else", async () => {
    const path = join(folder, "text");
    await writeFile(path, "not a database, but long enough to be mistaken for one\n".repeat(500));
    await expect(openDuckDbStore(path)).rejects.toMatchObject({ code: "store-failed" });
  });

  test("is refused and left alone where it has a later schema", async () => {
    const path = join(folder, "later");
    await (await openDuckDbStore(path)).close();
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await connection.run("UPDATE meta SET value = '99' WHERE key = 'schema'");
    connection.closeSync();
    instance.closeSync();
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(openDuckDbStore(path)).rejects.toMatchObject({
        code: "store-failed",
        detail: { found: "99" },
      });
  });
});

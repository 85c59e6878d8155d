import { mkdtemp, realpath, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NOON } from "../contract/sample-batch.ts";
import { DEFAULT_RETENTION } from "../default-retention.ts";
import { openDuckDbStore } from "./open-duckdb-store.ts";

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "selvedge-room-")));
});
afterEach(() => rm(folder, { recursive: true }));

test("a store has the room it was given, for memory and for temporary files", async () => {
  const path = join(folder, "store");
  const room = { memoryBytes: 256 * 2 ** 20, temporaryBytes: 2 ** 30 };
  const store = await openDuckDbStore(path, DEFAULT_RETENTION, room);
  // Of one path there is one instance in a process, which only those with its settings are given.
  const same = await DuckDBInstance.fromCache(path, {
    enable_external_access: "false",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    checkpoint_threshold: "64MiB",
    threads: String(availableParallelism()),
    memory_limit: `${room.memoryBytes}B`,
    max_temp_directory_size: `${room.temporaryBytes}B`,
  });
  const connection = await same.connect();
  const setting = async (name: string) =>
    (await connection.runAndReadAll(`SELECT current_setting('${name}')`)).getRows()[0]?.[0];
  expect(await setting("memory_limit")).toBe("256.0 MiB");
  expect(await setting("max_temp_directory_size")).toBe("1.0 GiB");
  connection.closeSync();
  same.closeSync();
  await store.close();
});

test("whether a store can answer is known before the questions that wait for it are answered", async () => {
  const store = await openDuckDbStore(join(folder, "store"));
  const answered: string[] = [];
  const window = { from: NOON, to: NOON + 1 };
  const questions = Array.from({ length: 60 }, () =>
    store.health(window).then(() => answered.push("question")),
  );
  await store.check().then(() => answered.push("check"));
  expect(answered.length).toBeLessThan(30);
  await Promise.all(questions);
  await store.close();
});

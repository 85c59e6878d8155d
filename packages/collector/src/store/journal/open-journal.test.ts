import { appendFile, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Journal, openJournal } from "./open-journal.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvedge-journal-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function replayed(journal: Journal): Promise<string[][]> {
  const files: string[][] = [];
  await journal.replay(async (entries) => {
    files.push(entries.map(String));
  });
  return files;
}

test("has what was not done with, file by file, and nothing after it was replayed", async () => {
  const first = await openJournal(folder);
  await Promise.all(["{a}", "{b}"].map((text) => first.append(Buffer.from(text))));
  first.rotate();
  await first.append(Buffer.from("{c}"));
  await first.close();
  const second = await openJournal(folder);
  expect(await replayed(second)).toEqual([["{a}", "{b}"], ["{c}"]]);
  await second.close();
  expect(await replayed(await openJournal(folder))).toEqual([]);
});

test("keeps what a replay could not hand on", async () => {
  const first = await openJournal(folder);
  await first.append(Buffer.from("{a}"));
  await first.close();
  const second = await openJournal(folder);
  const full = () => Promise.reject(new Error("full disk"));
  await expect(second.replay(full)).rejects.toThrow("full disk");
  expect(await replayed(await openJournal(folder))).toEqual([["{a}"]]);
});

test("removes a file once it is followed by another and all in it is done with", async () => {
  const journal = await openJournal(folder);
  const [a, b] = [
    await journal.append(Buffer.from("{a}")),
    await journal.append(Buffer.from("{b}")),
  ];
  a.done();
  journal.rotate();
  const c = await journal.append(Buffer.from("{c}"));
  expect(await readdir(folder)).toHaveLength(2);
  b.done();
  await vi.waitUntil(async () => (await readdir(folder)).length === 1);
  c.done();
  await journal.close();
  expect(await readdir(folder)).toEqual([]);
});

test("begins another file before one grows too large", async () => {
  const journal = await openJournal(folder);
  for (let n = 0; n < 6; n++) await journal.append(Buffer.from("x".repeat(5_000_000)));
  expect((await readdir(folder)).length).toBeGreaterThan(1);
  expect(journal.bytes()).toBeGreaterThan(30_000_000);
  await journal.close();
});

test("reads what is whole of a file that ends in half a record", async () => {
  const first = await openJournal(folder);
  await first.append(Buffer.from("{a}"));
  await first.close();
  const [name = ""] = await readdir(folder);
  await appendFile(join(folder, name), Buffer.from([9, 0, 0, 0, 1, 2]));
  expect(await replayed(await openJournal(folder))).toEqual([["{a}"]]);
});

test("has on disk what it has acknowledged", async () => {
  const journal = await openJournal(folder);
  await journal.append(Buffer.from("a".repeat(1000)));
  const [name = ""] = await readdir(folder);
  expect((await stat(join(folder, name))).size).toBe(1008);
  await journal.close();
});

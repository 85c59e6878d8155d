import { expect, test } from "vitest";
import { createGroupCommit, type GroupCommit } from "./group-commit.ts";

function recording(fails: (item: string) => boolean = () => false): {
  commits: GroupCommit<string>;
  groups: string[][];
} {
  const groups: string[][] = [];
  const commits = createGroupCommit<string>({
    commit: async (items) => {
      groups.push([...items]);
      await Promise.resolve();
      if (items.some(fails)) throw new Error("cannot be written");
    },
    sizeOf: (item) => item.length,
    maxSize: 10,
  });
  return { commits, groups };
}

test("what waits while a commit runs is written in the next one together", async () => {
  const { commits, groups } = recording();
  const first = commits.add("a");
  await Promise.resolve();
  await Promise.all(["b", "c"].map((item) => commits.add(item)));
  await first;
  expect(groups).toEqual([["a"], ["b", "c"]]);
});

test("a group is not larger than its limit, unless a single item is", async () => {
  const { commits, groups } = recording();
  const items = ["first", "123456", "1234", "5", "longer than the limit", "last"];
  await Promise.all(items.map((item) => commits.add(item)));
  expect(groups).toEqual([
    ["first"],
    ["123456", "1234"],
    ["5"],
    ["longer than the limit"],
    ["last"],
  ]);
});

test("an item that cannot be written sinks no other of its group", async () => {
  const { commits, groups } = recording((item) => item === "bad");
  const items = ["a", "ok", "bad", "c"];
  const outcomes = await Promise.allSettled(items.map((item) => commits.add(item)));
  expect(outcomes.map(({ status }) => status)).toEqual([
    "fulfilled",
    "fulfilled",
    "rejected",
    "fulfilled",
  ]);
  expect(groups).toEqual([items, ["a"], ["ok"], ["bad"], ["c"]]);
});

test("goes on after a failure, and says when it has nothing to do", async () => {
  const { commits, groups } = recording((item) => item === "bad");
  await expect(commits.add("bad")).rejects.toThrow("cannot be written");
  const later = commits.add("later");
  await commits.idle();
  expect(groups.at(-1)).toEqual(["later"]);
  await later;
});

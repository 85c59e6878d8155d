import { expect, test } from "vitest";
import { createTotalProgress } from "./total-progress.ts";

const at = (phase: string, file: string, loaded = 0, total = 0) => ({ phase, file, loaded, total });

test("the total is known once every model has said its size", () => {
  const add = createTotalProgress(["det", "rec"]);
  expect(add(at("fetch", "det", 0, 40)).total).toBe(0);
  expect(add(at("fetch", "rec", 0, 60)).total).toBe(100);
  expect(add(at("fetch", "rec", 30, 60))).toEqual({
    fetched: 30,
    loaded: 30,
    total: 100,
    isDownloading: true,
  });
});

test("what the device held already was not fetched", () => {
  const add = createTotalProgress(["rec"]);
  add(at("fetch", "rec", 25, 60));
  expect(add(at("fetch", "rec", 60, 60))).toMatchObject({ fetched: 35, loaded: 60 });
});

test("models that are all here need no download", () => {
  const add = createTotalProgress(["det", "rec"]);
  add(at("ready", "det"));
  expect(add(at("ready", "rec"))).toEqual({
    fetched: 0,
    loaded: 0,
    total: 0,
    isDownloading: false,
  });
});

import { afterEach, expect, test, vi } from "vitest";
import type { LoadRooms } from "../serving/load-rooms.ts";
import { lackOfRoom } from "./image-room.ts";

const MB = 2 ** 20;
const { signal } = new AbortController();

/** A page whose app says nothing of how much models may take: its keeper is not asked. */
const rooms = {} as Pick<LoadRooms, "keeper" | "cache">;

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Why there is no room for an image, on a device that says this of itself. */
function whyNone(bytes: number, device: object): Promise<string | undefined> {
  vi.stubGlobal("navigator", device);
  return lackOfRoom(rooms, bytes, signal);
}

const withFree = (quota: number, usage = 0) => ({
  storage: { estimate: async () => ({ quota, usage }) },
});

test("an image is made where eight times its size is free, and not where less is", async () => {
  expect(await whyNone(10 * MB, withFree(100 * MB, 20 * MB))).toBeUndefined();
  expect(await whyNone(10 * MB, withFree(100 * MB, 21 * MB))).toBe(
    "it may take 10.5 MB, and of the 82.8 MB that the browser has left for this site, no more than an eighth is for an image",
  );
});

test.each([
  ["has no storage manager", {}],
  ["has one that estimates nothing", { storage: {} }],
  ["estimates without a number", { storage: { estimate: async () => ({}) } }],
])("on a device that %s, a small image is made and a large one is not", async (_, device) => {
  expect(await whyNone(32 * MB, device)).toBeUndefined();
  expect(await whyNone(32 * MB + 1, device)).toContain("does not say how much room there is");
});

test("none is made where the user saves data", async () => {
  const saving = { ...withFree(1000 * MB), connection: { saveData: true } };
  expect(await whyNone(MB, saving)).toBe("the user saves data");
});

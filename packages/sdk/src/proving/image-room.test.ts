import { afterEach, expect, test, vi } from "vitest";
import type { LoadRooms } from "../serving/load-rooms.ts";
import { hasPlentyOfRoom } from "./image-room.ts";

const MB = 2 ** 20;
const { signal } = new AbortController();

/** A page whose app says nothing of how much models may take: its keeper is not asked. */
const rooms = {} as Pick<LoadRooms, "keeper" | "cache">;

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Whether there is room for an image, on a device that says this of itself. */
function hasRoom(bytes: number, device: object): Promise<boolean> {
  vi.stubGlobal("navigator", device);
  return hasPlentyOfRoom(rooms, bytes, signal);
}

const withFree = (quota: number, usage = 0) => ({
  storage: { estimate: async () => ({ quota, usage }) },
});

test("an image is made where eight times its size is free, and not where less is", async () => {
  expect(await hasRoom(10 * MB, withFree(100 * MB, 20 * MB))).toBe(true);
  expect(await hasRoom(10 * MB, withFree(100 * MB, 21 * MB))).toBe(false);
});

test.each([
  ["has no storage manager", {}],
  ["has one that estimates nothing", { storage: {} }],
  ["estimates without a number", { storage: { estimate: async () => ({}) } }],
])("on a device that %s, a small image is made and a large one is not", async (_, device) => {
  expect(await hasRoom(32 * MB, device)).toBe(true);
  expect(await hasRoom(32 * MB + 1, device)).toBe(false);
});

test("none is made where the user saves data", async () => {
  const saving = { ...withFree(1000 * MB), connection: { saveData: true } };
  expect(await hasRoom(MB, saving)).toBe(false);
});

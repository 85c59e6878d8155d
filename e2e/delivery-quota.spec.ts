import { expect, test, type Visitor } from "./fixtures/delivery.ts";

/** Less than either version takes. */
const LITTLE_ROOM_BYTES = 1_000_000;

/** Room for the older version, and not for what the newer has beside it. */
const SOME_ROOM_BYTES = 8_500_000;

/** Lets the browser give this origin so many bytes in all; without a number, what it has. */
async function giveRoom({ page, context }: Visitor, quotaSize?: number): Promise<void> {
  const session = await context.newCDPSession(page);
  const origin = new URL(page.url()).origin;
  const quota = quotaSize === undefined ? {} : { quotaSize };
  await session.send("Storage.overrideQuotaForOrigin", { origin, ...quota });
}

test("a model that there is no room for runs from memory and says so, until there is room", async ({
  visitor,
}) => {
  await giveRoom(visitor, LITTLE_ROOM_BYTES);
  expect(await visitor.load()).toEqual({ served: "1.0.0", unstored: expect.any(String) });
  await giveRoom(visitor);
  await visitor.openTab();
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  expect(await visitor.models()).toEqual(["noisy@1.0.0"]);
});

test("a model that is in use is never evicted for another, and serves on", async ({
  visitor,
  host,
}) => {
  // Before anything is stored: for half a minute, Chromium goes by the room that it has seen.
  await giveRoom(visitor, SOME_ROOM_BYTES);
  await visitor.stay();
  await expect.poll(() => visitor.models()).toEqual(["noisy@1.0.0"]);
  const inUse = visitor.page;
  await visitor.openTab();
  const other = await visitor.load({ version: "2.0.0" });
  expect(other).toEqual({ served: "2.0.0", unstored: expect.any(String) });
  await visitor.page.close();
  visitor.page = inUse;
  host.seen.length = 0;
  expect(await visitor.load()).toMatchObject({ served: "1.0.0" });
  expect(host.sentOf(/\/segments\//)).toBe(0);
});

import { expect, test, type Visitor } from "./fixtures/delivery.ts";

/** What the browser keeps for itself beside the models. */
const OVERHEAD_BYTES = 200_000;

/** Lets the browser give this origin so many bytes more than it uses now; without a number, all it has. */
async function giveRoom({ page, context }: Visitor, bytes?: number): Promise<void> {
  const session = await context.newCDPSession(page);
  const origin = new URL(page.url()).origin;
  const { usage } = await session.send("Storage.getUsageAndQuota", { origin });
  const quota = bytes === undefined ? {} : { quotaSize: usage + bytes };
  await session.send("Storage.overrideQuotaForOrigin", { origin, ...quota });
}

test("a model that there is no room for runs from memory and says so, until there is room", async ({
  visitor,
}) => {
  await giveRoom(visitor, OVERHEAD_BYTES);
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
  await visitor.stay();
  await expect.poll(() => visitor.models()).toEqual(["noisy@1.0.0"]);
  const inUse = visitor.page;
  await visitor.openTab();
  await giveRoom(visitor, OVERHEAD_BYTES);
  const other = await visitor.load({ version: "2.0.0" });
  expect(other).toEqual({ served: "2.0.0", unstored: expect.any(String) });
  await visitor.page.close();
  visitor.page = inUse;
  host.seen.length = 0;
  expect(await visitor.load()).toMatchObject({ served: "1.0.0" });
  expect(host.sentOf(/\/segments\//)).toBe(0);
});

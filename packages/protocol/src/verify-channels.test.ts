import { expect, test } from "vitest";
import { type ChannelDocument, encodeChannels } from "./channel.ts";
import { newKey, trusting } from "./keys.fixture.ts";
import { createSigner, signEnvelope } from "./sign-envelope.ts";
import { requireSuccessor, requireTimely, verifyChannels } from "./verify-channels.ts";

const [key, other] = [newKey(), newKey()];
const HOUR_MS = 60 * 60 * 1000;
const document = "channels of m";
const dates = { issued: "2026-01-01T00:00:00Z", expires: "2027-01-01T00:00:00Z" };

async function signed(change: Partial<ChannelDocument> = {}, by = key): Promise<string> {
  const channels = encodeChannels({ name: "m", sequence: 3, ...dates, channels: {}, ...change });
  return JSON.stringify(await signEnvelope(channels, await createSigner(by.jwk)));
}

const verified = async (change?: Partial<ChannelDocument>) =>
  verifyChannels(await signed(change), { trusted: trusting(key), document });

test("a document that was signed is read, and is the same however often it is signed", async () => {
  const [once, twice] = [await verified(), await verified()];
  expect(once.document).toMatchObject({ name: "m", sequence: 3 });
  expect(once.digest).toBe(twice.digest);
  expect((await verified({ name: "n" })).digest).not.toBe(once.digest);
});

test("nothing of one that was not signed is read, however wrong it is", async () => {
  const trusted = trusting(key);
  await expect(
    verifyChannels(await signed({ sequence: -1 }, other), { trusted, document }),
  ).rejects.toMatchObject({ code: "signature-invalid" });
  await expect(
    verifyChannels(await signed({ sequence: -1 }), { trusted, document }),
  ).rejects.toMatchObject({ code: "channel-invalid", detail: { field: "sequence" } });
});

test("it holds from a day before it was issued until it expires", () => {
  const [issued, expires] = [Date.parse(dates.issued), Date.parse(dates.expires)];
  for (const now of [issued - 24 * HOUR_MS, issued, expires - 1])
    expect(() => requireTimely(dates, { now, document })).not.toThrow();
  expect(() => requireTimely(dates, { now: expires, hint: " Hint.", document })).toThrow(
    expect.objectContaining({
      code: "document-expired",
      message: expect.stringMatching(
        /^channels of m: expired on 2027-01-01T00:00:00Z\..* clock says 2027-01-01T00:00:00\.000Z\. Hint\.$/,
      ),
    }),
  );
  expect(() => requireTimely(dates, { now: issued - 24 * HOUR_MS - 1, document })).toThrow(
    expect.objectContaining({ code: "document-not-yet-valid" }),
  );
});

test("what follows has a higher sequence, or is the same", async () => {
  const before = await verified();
  const following = async (change: Partial<ChannelDocument>) => {
    const next = await verified(change);
    return () => requireSuccessor(next, { before, document });
  };
  expect(await following({})).not.toThrow();
  expect(await following({ sequence: 4 })).not.toThrow();
  expect(await following({ sequence: 2 })).toThrow(
    expect.objectContaining({ code: "document-rolled-back", detail: { sequence: 2, seen: 3 } }),
  );
  expect(await following({ expires: "2028-01-01T00:00:00Z" })).toThrow(
    expect.objectContaining({ code: "document-conflicting" }),
  );
});

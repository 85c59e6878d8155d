import fc from "fast-check";
import { expect, test } from "vitest";
import { BUCKET_COUNT, type ChannelDocument, encodeChannels, parseChannels } from "./channel.ts";
import { seal, unseal } from "./envelope.ts";
import { SelvedgeError } from "./selvedge-error.ts";

const PAYLOAD_TYPE = "application/vnd.selvedge.channels+json";
const sha = "5".repeat(64);

const example: ChannelDocument = {
  format: "selvedge.channels/1",
  name: "ocr-rec",
  sequence: 7,
  issued: "2026-11-21T10:00:00.000Z",
  expires: "2027-11-21T10:00:00+02:00",
  channels: {
    stable: [
      { version: "1.1.0", manifest: sha, buckets: [0, 500] },
      { version: "1.0.0", manifest: sha, buckets: [500, 10_000] },
    ],
    canary: [],
  },
};

function failureOf(document: unknown): SelvedgeError {
  const envelope = seal(PAYLOAD_TYPE, JSON.stringify(document));
  try {
    parseChannels(JSON.stringify(envelope), "channels of ocr-rec");
  } catch (error) {
    if (error instanceof SelvedgeError) return error;
    throw error;
  }
  throw new Error(`accepted ${JSON.stringify(document)}`);
}

test("reading a written channel document gives it back", () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 0, max: BUCKET_COUNT }), { maxLength: 5 });
  const version = fc.stringMatching(/^[0-9A-Za-z][0-9A-Za-z+_-]{0,20}$/);
  const entries = fc
    .tuple(cuts, fc.array(version, { minLength: 5, maxLength: 5 }))
    .map(([at, versions]) => {
      const sorted = [...at].sort((a, b) => a - b);
      return sorted.slice(1).map((to, i) => ({
        version: versions[i] ?? "1",
        manifest: sha,
        buckets: [sorted[i] ?? 0, to] as const,
      }));
    });
  const channels = fc.dictionary(fc.string({ minLength: 1 }), entries);
  fc.assert(
    fc.property(channels, fc.integer({ min: 1 }), (given, sequence) => {
      const document = { ...example, sequence, channels: given };
      const read = parseChannels(JSON.stringify(encodeChannels(document)));
      expect(JSON.stringify(read)).toEqual(JSON.stringify(document));
    }),
  );
});

test("a written document is unsigned and readable by anyone who knows DSSE", () => {
  const envelope = encodeChannels(example);
  expect(envelope.signatures).toEqual([]);
  const options = { payloadType: PAYLOAD_TYPE, document: "d", code: "channel-invalid" } as const;
  expect(JSON.parse(unseal(JSON.stringify(envelope), options))).toEqual(example);
});

test.each(Object.keys(example))("a document without %s is refused by that name", (key) => {
  const { [key as keyof ChannelDocument]: _, ...rest } = example;
  const error = failureOf(rest);
  expect(error).toMatchObject({ code: "channel-invalid", detail: { field: key } });
  expect(error.message).toContain(`channels of ocr-rec: ${key}: expected `);
});

test.each<[wrong: string, field: string, document: unknown]>([
  ["a newer format", "format", { ...example, format: "selvedge.channels/2" }],
  ["a path for a name", "name", { ...example, name: "../other" }],
  ["a sequence of 0", "sequence", { ...example, sequence: 0 }],
  ["a day that does not exist", "issued", { ...example, issued: "2026-13-01T00:00:00Z" }],
  ["a date in words", "expires", { ...example, expires: "1 Jan 2027" }],
  ["a date without a zone", "expires", { ...example, expires: "2027-01-01T00:00:00" }],
  ["a list of channels", "channels", { ...example, channels: [] }],
  ["a channel without a name", "channels", { ...example, channels: { "": [] } }],
  ["a channel that is no list", "channels.stable", { ...example, channels: { stable: {} } }],
])("%s is refused at %s", (_, field, document) => {
  expect(failureOf(document)).toMatchObject({ code: "channel-invalid", detail: { field } });
});

test.each<[wrong: string, field: string, entry: object]>([
  ["no version", "version", { version: undefined }],
  ["a version that is a path", "version", { version: "1/../../etc" }],
  ["an upper-case digest", "manifest", { manifest: "A".repeat(64) }],
  ["one bucket", "buckets", { buckets: [0] }],
  ["three buckets", "buckets", { buckets: [0, 1, 2] }],
  ["a bucket too many", "buckets[1]", { buckets: [0, BUCKET_COUNT + 1] }],
  ["buckets the wrong way round", "buckets[1]", { buckets: [5, 4] }],
  ["half a bucket", "buckets[0]", { buckets: [0.5, 4] }],
])("an entry with %s is refused at its %s", (_, field, entry) => {
  const spoilt = { version: "1.0.0", manifest: sha, buckets: [0, BUCKET_COUNT], ...entry };
  const error = failureOf({ ...example, channels: { stable: [spoilt] } });
  expect(error.detail).toEqual({ field: `channels.stable[0].${field}` });
});

test("two entries of a channel never share a bucket", () => {
  const entry = (from: number, to: number) => ({
    version: "1.0.0",
    manifest: sha,
    buckets: [from, to],
  });
  const bucket = fc.integer({ min: 0, max: 20 });
  const range = fc.tuple(bucket, bucket).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  fc.assert(
    fc.property(range, range, (a, b) => {
      const document = { ...example, channels: { stable: [entry(...a), entry(...b)] } };
      const shared = Array.from({ length: 20 }, (_, i) => i).some(
        (i) => a[0] <= i && i < a[1] && b[0] <= i && i < b[1],
      );
      const text = JSON.stringify(seal(PAYLOAD_TYPE, JSON.stringify(document)));
      if (shared)
        expect(failureOf(document).detail).toEqual({ field: "channels.stable[1].buckets" });
      else expect(parseChannels(text).channels["stable"]).toHaveLength(2);
    }),
  );
});

test("a channel nobody wrote is undefined, even where every object inherits one of that name", () => {
  const { channels } = parseChannels(JSON.stringify(encodeChannels(example)));
  expect(channels["constructor"]).toBeUndefined();
  expect(Object.getPrototypeOf(channels)).toBeNull();
});

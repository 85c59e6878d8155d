import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { encodeChannels } from "./channel.ts";
import { ERROR_CODES, SelvedgeError } from "./index.ts";
import { newKey, trusting } from "./keys.fixture.ts";
import {
  encodeModelSignature,
  encodeModelStatement,
  type SignedPack,
  verifyModelSignature,
} from "./model-signature.ts";
import { encodeRoot, parseNextRoot, parseRoot } from "./root-document.ts";
import { createSigner, signEnvelope } from "./sign-envelope.ts";
import { parseTrustAnchors } from "./trust-anchors.ts";
import { verifyChannels } from "./verify-channels.ts";

/** How many mutants of each document to make; `npm run soak` asks for more. */
const CASES = Number(process.env["SELVEDGE_FUZZ"] ?? 300);

/** The same mutants in every run. */
const RUNS = { numRuns: CASES, seed: 1 };

const [rootKey, packKey, channelKey] = [newKey(), newKey(), newKey()];
const digest = (digit: string) => digit.repeat(64);
const pack: SignedPack = {
  manifest: { name: "m", version: "1.0.0", segments: [{ sha256: digest("b"), bytes: 10 }] },
  digest: digest("a"),
};
const dates = { issued: "2026-01-01T00:00:00Z", expires: "2036-01-01T00:00:00Z" };
const role = (key: ReturnType<typeof newKey>) => ({ ...trusting(key), threshold: 1 });

/** A document as it should be, and what reads it: what that gives names what was believed. */
interface Subject {
  readonly text: string;
  readonly believe: (text: string) => Promise<unknown>;
}

const subjects: Readonly<Record<string, () => Promise<Subject>>> = {
  "a channel document": async () => {
    const stable = [{ version: "1.0.0", manifest: digest("a"), buckets: [0, 10_000] as const }];
    const unsigned = encodeChannels({ name: "m", sequence: 1, ...dates, channels: { stable } });
    const text = JSON.stringify(await signEnvelope(unsigned, await createSigner(channelKey.jwk)));
    return { text, believe: (spoilt) => verifyChannels(spoilt, { trusted: trusting(channelKey) }) };
  },
  "a pack's signature": async () => {
    const statement = await encodeModelStatement(pack);
    const signed = await signEnvelope(statement, await createSigner(packKey.jwk));
    const believe = async (spoilt: string) => {
      await verifyModelSignature(spoilt, { pack, trusted: trusting(packKey) });
      return JSON.parse(spoilt).dsseEnvelope.payload.replace(/=+$/, "");
    };
    return { text: encodeModelSignature(signed, digest("f")), believe };
  },
  "a root document": async () => {
    const roles = { root: role(rootKey), pack: role(packKey), channel: role(channelKey) };
    const unsigned = encodeRoot({ version: 2, expires: dates.expires, roles });
    const text = JSON.stringify(await signEnvelope(unsigned, await createSigner(rootKey.jwk)));
    const trusted = { ...(await parseRoot(text)), version: 1 };
    return { text, believe: (spoilt) => parseNextRoot(spoilt, trusted) };
  },
};

afterEach(() => {
  vi.restoreAllMocks();
});

/** Values that no document has, and that break what trusts them. */
const hostile = fc.constantFrom<string>(
  "null",
  "[]",
  "{}",
  "0",
  "-1",
  "1e999",
  "9007199254740993",
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"constructor"',
  '{"__proto__":{"payload":"x"},"constructor":{"prototype":{"sig":"x"}}}',
  `"${"A".repeat(100_000)}"`,
  `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  `${'{"a":'.repeat(20_000)}0${"}".repeat(20_000)}`,
  `[${Array(5_000).fill('{"sig":"MAYCAQECAQE="}').join()}]`,
  `[${Array(17).fill('{"sig":""}').join()}]`,
);

/** DER that is none, or of numbers no signature has. */
const der = fc
  .oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc
      .tuple(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }))
      .map(([r, s]) =>
        Uint8Array.of(0x30, r.length + s.length + 4, 2, r.length, ...r, 2, s.length, ...s),
      ),
    fc.constantFrom(
      Uint8Array.of(0x30, 6, 2, 1, 0, 2, 1, 0),
      Uint8Array.of(0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0),
      Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
    ),
  )
  .map((bytes) => Buffer.from(bytes).toString("base64"));

/** What becomes of a text: a place in it is a share of its length. */
type Damage = (text: string) => string;

const place = fc.double({ min: 0, max: 1, noNaN: true });
const at = (text: string, share: number) => Math.floor(share * text.length);

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(place, fc.nat(127)).map(
    ([share, code]): Damage =>
      (text) =>
        text.slice(0, at(text, share)) +
        String.fromCharCode(code) +
        text.slice(at(text, share) + 1),
  ),
  place.map(
    (share): Damage =>
      (text) =>
        text.slice(0, at(text, share)),
  ),
  fc.tuple(place, place).map(
    ([from, to]): Damage =>
      (text) =>
        text.slice(0, at(text, from)) + text.slice(at(text, to)),
  ),
  // A field gets another value, here or in a second field of the same name.
  fc.tuple(fc.nat(20), hostile, fc.boolean()).map(
    ([which, value, isTwice]): Damage =>
      (text) => {
        const fields = [...text.matchAll(/"(\w+)":/g)];
        const field = fields[which % fields.length];
        if (field === undefined) return text;
        const start = field.index + field[0].length;
        const end = text.indexOf('"', start + 1) + 1 || start;
        const kept = isTwice ? `${text.slice(start, end)},"${field[1]}":` : "";
        return text.slice(0, start) + kept + value + text.slice(end);
      },
  ),
  der.map(
    (sig): Damage =>
      (text) =>
        text.replace(/"sig":"[^"]*"/, `"sig":"${sig}"`),
  ),
  // The payload says something else than was signed.
  fc.tuple(place, fc.nat(255)).map(
    ([share, value]): Damage =>
      (text) =>
        text.replace(/"payload":"([^"]*)"/, (_, base64: string) => {
          const bytes = Buffer.from(base64, "base64");
          bytes[Math.floor(share * (bytes.length - 1))] = value;
          return `"payload":"${bytes.toString("base64")}"`;
        }),
  ),
);

test.each(Object.entries(subjects))(
  `%s: of ${CASES} mutants, those are believed that say what was signed`,
  { timeout: 60_000 + CASES * 100 },
  async (_, make) => {
    const { text, believe } = await make();
    const signed = await believe(text);
    const verify = vi.spyOn(crypto.subtle, "verify");
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
        const spoilt = damages.reduce((before, change) => change(before), text);
        verify.mockClear();
        const believed = await believe(spoilt).catch((error: unknown) => {
          if (!(error instanceof SelvedgeError)) throw error;
          expect(ERROR_CODES).toContain(error.code);
          expect(error.message.length).toBeLessThan(2000);
          return undefined;
        });
        if (believed !== undefined) expect(believed).toEqual(signed);
        // However many signatures a document claims, a device tries few.
        expect(verify.mock.calls.length).toBeLessThanOrEqual(32);
      }),
      RUNS,
    );
    expect({}).not.toHaveProperty("payload");
  },
);

test(`keys: ${CASES} mutants are read as they are, or refused`, () => {
  const keys = [trusting(packKey).keys[0], trusting(channelKey).keys[0]];
  const text = JSON.stringify({ pack: [keys[0]], channel: [keys[1]] });
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
      const spoilt = damages.reduce((before, change) => change(before), text);
      try {
        const anchors = parseTrustAnchors(spoilt);
        if (anchors.kind === "keys") expect(anchors.pack.keys[0]?.crv).toBe("P-256");
      } catch (error) {
        expect(error).toMatchObject({ name: "SelvedgeError", code: "key-invalid" });
      }
    }),
    RUNS,
  );
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestOf } from "../access/check-token.ts";
import { DEFAULT_CONFIG } from "./collector-config.ts";
import { parseConfig, readConfig } from "./read-config.ts";

const parse = (config: unknown) => parseConfig(JSON.stringify(config), "selvedge.json");

const SHA256 = "ab".repeat(32);

/** From RFC 7517, appendix A.1. */
const PUBLIC_KEY = {
  kty: "EC",
  crv: "P-256",
  x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
  y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
};

test("reads every section", () => {
  expect(
    parse({
      tokens: {
        ingest: [{ name: "shop", token: "the-token-of-the-shop" }],
        read: [{ name: "dashboard", sha256: SHA256 }],
      },
      limits: { perAddress: null, perToken: { perSecond: 5, burst: 50 }, proxies: 1 },
      cors: { origins: ["https://shop.example", "capacitor://localhost"] },
      retention: { rawHours: 24 },
      store: { memoryBytes: 2 ** 30 },
      alerts: { every: "5m", rules: [] },
      publicKeys: [PUBLIC_KEY],
    }),
  ).toEqual({
    ...DEFAULT_CONFIG,
    tokens: {
      ingest: [{ name: "shop", sha256: digestOf("the-token-of-the-shop") }],
      read: [{ name: "dashboard", sha256: Buffer.from(SHA256, "hex") }],
    },
    limits: {
      ...DEFAULT_CONFIG.limits,
      perAddress: undefined,
      perToken: { perSecond: 5, burst: 50 },
      proxies: 1,
    },
    cors: { origins: ["https://shop.example", "capacitor://localhost"] },
    retention: { ...DEFAULT_CONFIG.retention, rawHours: 24 },
    store: { ...DEFAULT_CONFIG.store, memoryBytes: 2 ** 30 },
    alerts: { everyMs: 300_000, rules: [] },
    publicKeys: {
      kind: "keys",
      pack: { keys: [expect.objectContaining(PUBLIC_KEY)] },
      channel: { keys: [expect.objectContaining(PUBLIC_KEY)] },
    },
  });
});

test("takes the defaults for what is left out", () => {
  expect(parse({})).toEqual(DEFAULT_CONFIG);
  expect(parse({ tokens: {}, limits: {}, retention: {} })).toEqual(DEFAULT_CONFIG);
});

const withToken = (token: unknown) => ({
  tokens: { ingest: [{ name: "a", ...(token as object) }] },
});

test.each<[string, unknown, RegExp]>([
  ["a section that is misspelt", { token: {} }, /selvedge\.json: token: .*tokens, limits/],
  ["a key that is misspelt", { limits: { perAdress: null } }, /limits\.perAdress: .*perAddress/],
  ["a list", [], /expected an object/],
  ["a rate without a burst", { limits: { perToken: { perSecond: 1 } } }, /limits\.perToken\.burst/],
  [
    "a rate of nothing",
    { limits: { perToken: { perSecond: 0, burst: 1 } } },
    /perToken\.perSecond/,
  ],
  ["a fraction of a proxy", { limits: { proxies: 0.5 } }, /limits\.proxies/],
  ["head later than body", { limits: { headersTimeoutMs: 99_999 } }, /at most requestTimeoutMs/],
  ["room for less than a body", { limits: { bodyBytes: 1 } }, /limits\.bodyBytes/],
  ["an origin with a path", { cors: { origins: ["https://shop.example/"] } }, /cors\.origins\[0\]/],
  [
    "a webview's origin with a path",
    { cors: { origins: ["capacitor://localhost/x"] } },
    /cors\.origins\[0\]/,
  ],
  ["an origin without a scheme", { cors: { origins: ["shop.example"] } }, /cors\.origins\[0\]/],
  ["a store without memory", { store: { memoryBytes: 1 } }, /store\.memoryBytes/],
  ["no room for a label", { limits: { valuesPerLabel: 0 } }, /limits\.valuesPerLabel/],
  ["retention of no time", { retention: { rawHours: 0 } }, /retention\.rawHours/],
  ["retention without end", { retention: { hourHours: 1e9 } }, /retention\.hourHours/],
  ["a token without a name", { tokens: { read: [{ sha256: SHA256 }] } }, /read\[0\]\.name/],
  ["neither a token nor a digest", withToken({}), /ingest\[0\]: .*either/],
  ["both of them", withToken({ token: "x".repeat(20), sha256: SHA256 }), /ingest\[0\]: .*either/],
  ["a digest that is none", withToken({ sha256: "abc" }), /ingest\[0\]\.sha256/],
  [
    "a token that may read and write",
    {
      tokens: {
        ingest: [{ name: "a", token: "one-token-for-everything" }],
        read: [{ name: "b", token: "one-token-for-everything" }],
      },
    },
    /tokens\.read: .*other tokens/,
  ],
])("refuses %s by its name", (_, config, message) => {
  expect(() => parse(config)).toThrow(
    expect.objectContaining({ code: "options-invalid", message: expect.stringMatching(message) }),
  );
});

test.each(["hunter2", "twenty characters and a space", 12_345_678_901_234])(
  "refuses the token %j, and does not show it",
  (token) => {
    expect(() => parse(withToken({ token }))).toThrow(
      expect.objectContaining({
        message: expect.not.stringContaining(String(token)),
        code: "options-invalid",
      }),
    );
  },
);

test("says where text stops being JSON, and does not show it", () => {
  const text = `{"tokens": {"ingest": [{"token": "hunter2hunter2hunter2" "name"`;
  const errorOf = (): unknown => {
    try {
      return parseConfig(text, "selvedge.json");
    } catch (error) {
      return error;
    }
  };
  expect(errorOf()).toMatchObject({
    message: "The config file selvedge.json is not JSON: correct it at position 57.",
  });
  expect(errorOf()).not.toHaveProperty("cause");
});

test("reads a file, and says where one is that cannot be read", async () => {
  const folder = await mkdtemp(join(tmpdir(), "selvedge-config-"));
  const file = join(folder, "selvedge.json");
  await expect(readConfig(file)).rejects.toMatchObject({
    code: "options-invalid",
    message: expect.stringContaining(file),
  });
  await writeFile(file, `{"retention": {"rawHours": 1}}`);
  expect((await readConfig(file)).retention.rawHours).toBe(1);
  await rm(folder, { recursive: true });
});

import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext } from "@playwright/test";
import { channelsPath, keyId, parsePublicJwk, signaturePath } from "@selvedge/protocol";
import type { PublicKeys } from "selvedge";
import {
  forgeChannels,
  MODEL,
  promote,
  readJson,
  type SignedRegistry,
  selvedge,
  signedRegistry,
  signPackWith,
} from "./fixtures/signed-registry.ts";
import { test as base, expect, openBare, type Site } from "./fixtures/test.ts";

let template: SignedRegistry;

const test = base.extend<{ signed: SignedRegistry }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
  signed: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "selvedge-e2e-trust-"));
    await use(await template.copyTo(folder));
    await rm(folder, { recursive: true, force: true });
  },
  registry: async ({ signed }, use) => use(signed.registry),
});

test.beforeAll(async () => {
  template = await signedRegistry();
});

test.afterAll(async () => {
  await template.remove();
});

/** What a visit came to: the version that answered and who signed it, or why none did. */
interface Visit {
  readonly version?: string;
  readonly signedBy?: readonly string[];
  /** Why it was refused: the load, or the look for an update behind it. */
  readonly refused?: string;
}

/** A device: what it stores lasts from visit to visit. */
class Device {
  readonly #context: BrowserContext;
  readonly #site: Site;

  constructor(context: BrowserContext, site: Site) {
    this.#context = context;
    this.#site = site;
  }

  static async of(browser: Browser, site: Site): Promise<Device> {
    return new Device(await browser.newContext(), site);
  }

  /**
   * Opens a page with these keys, loads, predicts, and waits for what is asked for.
   *
   * @param until a version that is to be stored, or a code that the look for an update is to fail with
   */
  async visit(publicKeys: unknown, until?: string): Promise<Visit> {
    const page = await this.#context.newPage();
    await openBare(page, this.#site);
    try {
      return await page.evaluate(
        async ({ name, publicKeys, until }) => {
          const sent: string[] = [];
          const selvedge = selvedgeModule.createSelvedge({
            registry: "/models",
            ...(publicKeys === undefined ? {} : { publicKeys: publicKeys as PublicKeys }),
            telemetry: { endpoint: "/v1", onSend: (batch) => sent.push(JSON.stringify(batch)) },
          });
          try {
            const model = await selvedge.load(name);
            const data = new Float32Array(620).fill(0.01);
            await model.predict({ ngrams: { type: "float32", data, dims: [1, 620] } });
            const { version, signedBy } = model.info;
            const found = async () => {
              if (until === undefined) return true;
              await selvedge.telemetry.flush();
              const stored = await selvedge.cache.list();
              return (
                sent.join().includes(`"${until}"`) || stored.some((pack) => pack.version === until)
              );
            };
            while (!(await found())) await new Promise((resolve) => setTimeout(resolve, 20));
            return { version, signedBy };
          } catch (error) {
            if (error instanceof selvedgeModule.SelvedgeError) return { refused: error.code };
            throw error;
          } finally {
            await selvedge.close();
          }
        },
        { name: MODEL, publicKeys, until },
      );
    } finally {
      await page.close();
    }
  }

  /** From now on the registry cannot be reached. */
  async cutOff(): Promise<void> {
    await this.#context.route("**/models/**", (route) => route.abort());
  }

  async leave(): Promise<void> {
    await this.#context.close();
  }
}

const rolesOf = async ({ keys }: SignedRegistry) => ({
  pack: [await readJson(keys, "pack.pub.json")],
  channel: [await readJson(keys, "channel.pub.json")],
});
const rootOf = async ({ keys }: SignedRegistry) => ({ root: await readJson(keys, "root.json") });

test("a page with keys is served what they signed, and told who did", async ({
  signed,
  site,
  browser,
}) => {
  const roles = await rolesOf(signed);
  const signer = await keyId(parsePublicJwk(JSON.stringify(roles.pack[0])));
  const expected = { version: "1.0.0", signedBy: [signer] };
  for (const keys of [roles, [...roles.pack, ...roles.channel], await rootOf(signed)]) {
    const device = await Device.of(browser, site);
    expect(await device.visit(keys)).toEqual(expected);
    await device.cutOff();
    expect(await device.visit(keys)).toEqual(expected);
    await device.leave();
  }
});

const REFUSED: readonly [
  what: string,
  code: string,
  spoil: (signed: SignedRegistry) => Promise<void>,
][] = [
  [
    "an unsigned channel document",
    "signature-invalid",
    (signed) => forgeChannels(signed, undefined),
  ],
  [
    "a channel document signed with another key",
    "signature-invalid",
    (signed) => forgeChannels(signed, join(signed.others, "channel.key.json")),
  ],
  [
    "a channel document signed with the pack key",
    "signature-invalid",
    (signed) => forgeChannels(signed, join(signed.keys, "pack.key.json")),
  ],
  [
    "an expired channel document",
    "document-expired",
    (signed) =>
      forgeChannels(signed, join(signed.keys, "channel.key.json"), {
        issued: "2020-01-01T00:00:00Z",
        expires: "2021-01-01T00:00:00Z",
      }),
  ],
  [
    "another model's channel document",
    "integrity",
    (signed) => forgeChannels(signed, join(signed.keys, "channel.key.json"), { name: "ocr-rec" }),
  ],
  [
    "an unsigned pack",
    "signature-invalid",
    async (signed) => {
      promote(signed, "2.0.0");
      await rm(join(signed.registry, signaturePath(MODEL, "2.0.0")));
    },
  ],
  [
    "a pack signed with another key",
    "signature-invalid",
    async (signed) => {
      promote(signed, "2.0.0");
      await signPackWith(signed, join(signed.others, "pack.key.json"));
    },
  ],
  [
    "a pack signed with the channel key",
    "signature-invalid",
    async (signed) => {
      promote(signed, "2.0.0");
      await signPackWith(signed, join(signed.keys, "channel.key.json"));
    },
  ],
  [
    "a pack with the signature of another version",
    "signature-invalid",
    async (signed) => {
      promote(signed, "2.0.0");
      const [from, to] = ["1.0.0", "2.0.0"].map((version) =>
        join(signed.registry, signaturePath(MODEL, version)),
      );
      await cp(from ?? "", to ?? "");
    },
  ],
];

for (const [what, code, spoil] of REFUSED)
  test(`${what} is refused, and what was loaded before goes on serving, offline too`, async ({
    signed,
    site,
    browser,
  }) => {
    const keys = await rolesOf(signed);
    const known = await Device.of(browser, site);
    expect(await known.visit(keys)).toMatchObject({ version: "1.0.0" });
    await spoil(signed);
    const fresh = await Device.of(browser, site);
    expect(await fresh.visit(keys)).toEqual({ refused: code });
    await fresh.leave();
    expect(await known.visit(keys, code)).toMatchObject({ version: "1.0.0" });
    await known.cutOff();
    expect(await known.visit(keys)).toMatchObject({ version: "1.0.0" });
    await known.leave();
  });

test("a channel document that is put back is refused where the newer one was seen", async ({
  signed,
  site,
  browser,
}) => {
  const keys = await rolesOf(signed);
  const device = await Device.of(browser, site);
  const file = join(signed.registry, channelsPath(MODEL));
  const old = join(signed.keys, "old.json");
  await cp(file, old);
  promote(signed, "2.0.0");
  expect(await device.visit(keys)).toMatchObject({ version: "2.0.0" });
  await cp(old, file);
  expect(await device.visit(keys, "document-rolled-back")).toMatchObject({ version: "2.0.0" });
  expect(await device.visit(keys)).toMatchObject({ version: "2.0.0" });
  await device.leave();
});

test("what a page without keys stored does not serve one with keys before they have verified it", async ({
  signed,
  site,
  browser,
}) => {
  const device = await Device.of(browser, site);
  expect(await device.visit(undefined)).toEqual({ version: "1.0.0", signedBy: [] });
  const others = { pack: [await readJson(signed.others, "pack.pub.json")] };
  const theirs = { ...others, channel: [await readJson(signed.others, "channel.pub.json")] };
  expect(await device.visit(theirs)).toEqual({ refused: "signature-invalid" });
  expect(await device.visit(await rolesOf(signed))).toMatchObject({ version: "1.0.0" });
  // Under keys that were added since, what is stored is verified anew, without the registry.
  await device.cutOff();
  const { pack, channel } = await rolesOf(signed);
  expect(await device.visit({ pack: [...pack, ...others.pack], channel })).toMatchObject({
    version: "1.0.0",
  });
  expect(await device.visit(theirs)).toEqual({ refused: "network" });
  await device.leave();
});

test("keys are rotated and dropped under a page that was shipped with the first root document", async ({
  signed,
  site,
  browser,
}) => {
  const { keys, registry } = signed;
  const shipped = await rootOf(signed);
  const [first = ""] = JSON.parse(selvedge("keygen", "--out", keys, "--renew", "--json")).keys.pack;
  const device = await Device.of(browser, site);
  expect(await device.visit(shipped)).toEqual({ version: "1.0.0", signedBy: [first] });

  selvedge("keygen", "--out", keys, "--rotate", "root");
  selvedge("keygen", "--out", keys, "--rotate", "pack");
  selvedge("keygen", "--out", keys, "--rotate", "root");
  selvedge("keygen", "--out", keys, "--drop", first);
  selvedge("keygen", "--out", keys, "--publish", registry);
  promote(signed, "2.0.0");
  // 2.0.0 is signed with the key that was dropped.
  expect(await device.visit(shipped, "signature-invalid")).toMatchObject({ version: "1.0.0" });
  const fresh = await Device.of(browser, site);
  expect(await fresh.visit(shipped)).toEqual({ refused: "signature-invalid" });
  await fresh.leave();

  await signPackWith(signed, join(keys, "pack-4.key.json"));
  expect(await device.visit(shipped, "2.0.0")).toMatchObject({ version: "1.0.0" });
  const { version, signedBy } = await device.visit(shipped);
  expect(version).toBe("2.0.0");
  expect(signedBy).not.toEqual([first]);

  // Somebody else's root document does not follow.
  await cp(join(signed.others, "root.json"), join(registry, "root.json"));
  const another = await Device.of(browser, site);
  expect(await another.visit(shipped)).toEqual({ refused: "signature-invalid" });
  await another.leave();
  await device.leave();
});

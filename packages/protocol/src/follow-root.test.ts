import { expect, test, vi } from "vitest";
import { followRoot } from "./follow-root.ts";
import { newKey, trusting } from "./keys.fixture.ts";
import { encodeRoot, parseRoot, type RootDocument } from "./root-document.ts";
import { createSigner, signEnvelope } from "./sign-envelope.ts";

const [first, second, third, pack, channel] = Array.from({ length: 5 }, newKey) as [
  Key,
  Key,
  Key,
  Key,
  Key,
];
type Key = ReturnType<typeof newKey>;

/** A root document of the first of some keys, signed by all of them. */
async function root(version: number, key: Key, ...others: Key[]): Promise<string> {
  const role = (of: Key) => ({ ...trusting(of), threshold: 1 });
  const roles: RootDocument["roles"] = {
    root: role(key),
    pack: role(pack),
    channel: role(channel),
  };
  const unsigned = encodeRoot({ version, expires: "2030-01-01T00:00:00Z", roles });
  const signatures: { sig: string }[] = [];
  for (const { jwk } of [key, ...others])
    signatures.push(...(await signEnvelope(unsigned, await createSigner(jwk))).signatures);
  return JSON.stringify({ ...unsigned, signatures });
}

const following = async (newest: string, links: Record<number, string> = {}) => {
  const link = vi.fn(async (version: number) => {
    const text = links[version];
    return text === undefined ? undefined : { text, document: `root-${version}.json` };
  });
  const trusted = await parseRoot(await root(1, first));
  return { link, result: followRoot(newest, { trusted, link, document: "root.json" }) };
};

test("what the trusted root key signed follows, and nothing else is asked for", async () => {
  const { link, result } = await following(await root(7, first));
  expect((await result).version).toBe(7);
  expect(link).not.toHaveBeenCalled();
});

test("every hand-over is followed, and versions without one are passed over", async () => {
  const { link, result } = await following(await root(6, third), {
    2: await root(2, second, first),
    5: await root(5, third, second),
  });
  expect((await result).version).toBe(6);
  expect(link.mock.calls.map(([version]) => version)).toEqual([2, 3, 4, 5]);
});

test.each<
  [what: string, newest: () => Promise<string>, links: () => Promise<Record<number, string>>]
>([
  ["there is none", () => root(3, second), async () => ({})],
  ["only the new key signed it", () => root(3, second), async () => ({ 2: await root(2, second) })],
  [
    "one in between is missing",
    () => root(4, third),
    async () => ({ 3: await root(3, third, second) }),
  ],
])("a document whose hand-over does not lead to it is refused: %s", async (_, newest, links) => {
  const { result } = await following(await newest(), await links());
  await expect(result).rejects.toMatchObject({ code: "signature-invalid" });
});

test("a version that is far away is refused before anything is asked for", async () => {
  const { link, result } = await following(await root(2 ** 50, second));
  await expect(result).rejects.toMatchObject({
    code: "root-invalid",
    message: expect.stringContaining("more than 100 versions"),
  });
  expect(link).not.toHaveBeenCalled();
});

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeChannels, parseChannels } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addModel, filled, modelFile, temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import { type PromoteOptions, promote } from "../promote.ts";
import { contentsOf } from "../registry/files.fixture.ts";
import { verify } from "../verify/verify.ts";
import { changeRoot } from "./change-root.ts";
import { keygen } from "./keygen.ts";

describe("promote with a key", () => {
  let [registry, keys, others] = ["", "", ""];
  const file = () => join(registry, "m/channels.json");
  const key = (name = "channel.key.json") => join(keys, name);
  const serve = (version: string, more: Partial<PromoteOptions> = { key: key() }) =>
    promote({ name: "m", version, channel: "stable", registry, ...more });
  const problems = async (trusted: { channelKey?: string; root?: string }) =>
    (await verify({ name: "m", registry, ...trusted })).problems.map(({ message }) => message);
  const signed = () => problems({ channelKey: key("channel.pub.json") });

  async function refused(promotion: () => Promise<unknown>, code: string, says: RegExp) {
    const before = await contentsOf(registry);
    await expect(promotion()).rejects.toMatchObject({ code, message: expect.stringMatching(says) });
    expect(await contentsOf(registry)).toEqual(before);
  }

  beforeEach(async () => {
    registry = await temporaryFolder();
    [keys, others] = [await temporaryFolder(), await temporaryFolder()];
    await keygen({ out: keys });
    await keygen({ out: others });
    for (const [version, fill] of [
      ["1.0.0", 1],
      ["2.0.0", 2],
    ] as const) {
      const model = await modelFile(addModel(filled("w", 512, fill)));
      await pack({ model, name: "m", version, registry });
    }
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("signs the channels, counts on, and leaves alone what it signed already", async () => {
    expect(await serve("1.0.0")).toMatchObject({ outcome: "promoted", sequence: 1 });
    expect(await signed()).toEqual([]);
    const before = await readFile(file(), "utf8");
    expect(await serve("1.0.0")).toMatchObject({ outcome: "unchanged", sequence: 1 });
    expect(await readFile(file(), "utf8")).toBe(before);
    expect(await serve("2.0.0")).toMatchObject({ outcome: "promoted", sequence: 2 });
    expect(await signed()).toEqual([]);
  });

  it("signs channels that were not, though they serve the version already", async () => {
    await serve("1.0.0", {});
    expect(await signed()).toEqual([expect.stringMatching(/^m\/channels\.json: not signed\./)]);
    expect(await serve("1.0.0")).toMatchObject({ outcome: "promoted", sequence: 2 });
    expect(await signed()).toEqual([]);
  });

  it("does not drop a signature", async () => {
    await serve("1.0.0");
    await refused(
      () => serve("2.0.0", {}),
      "key-invalid",
      /m\/channels\.json is signed, and promoting/,
    );
    await refused(() => serve("1.0.0", {}), "key-invalid", /would drop the signature/);
  });

  it("does not vouch for what someone else wrote", async () => {
    await serve("1.0.0", { key: join(others, "channel.key.json") });
    await refused(() => serve("2.0.0"), "signature-invalid", /no valid signature by .* --root\.$/);
    const { channels } = parseChannels(await readFile(file(), "utf8"));
    const envelope = JSON.parse(await readFile(file(), "utf8"));
    const [issued, expires] = ["2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z"];
    const forged = encodeChannels({ name: "m", sequence: 9, issued, expires, channels });
    await writeFile(file(), JSON.stringify({ ...envelope, payload: forged.payload }));
    const key = join(others, "channel.key.json");
    await refused(() => serve("2.0.0", { key }), "signature-invalid", /no valid signature/);
  });

  it("takes over from a key that was rotated, where the root document lists both", async () => {
    await serve("1.0.0");
    await changeRoot({ out: keys, change: { kind: "rotate", role: "channel" } });
    const rotated = key("channel-2.key.json");
    await refused(() => serve("1.0.0", { key: rotated }), "signature-invalid", /--root/);
    const root = key("root.json");
    expect(await serve("1.0.0", { key: rotated, root })).toMatchObject({
      outcome: "promoted",
      sequence: 2,
    });
    expect(await problems({ root, channelKey: key("channel-2.pub.json") })).not.toContainEqual(
      expect.stringContaining("channels.json"),
    );
    expect(await signed()).toEqual([expect.stringContaining("no valid signature")]);
  });

  it("wants the key to be one that the root document lists for channels", async () => {
    const root = key("root.json");
    for (const wrong of [key("pack.key.json"), join(others, "channel.key.json")])
      await refused(
        () => serve("1.0.0", { key: wrong, root }),
        "key-invalid",
        /not one of the channel/,
      );
    await refused(() => serve("1.0.0", { root }), "options-invalid", /--key/);
    vi.useFakeTimers({ now: Date.parse("2099-01-01T00:00:00Z"), toFake: ["Date"] });
    await refused(
      () => serve("1.0.0", { key: key(), root }),
      "root-invalid",
      /root\.json: expired on/,
    );
  });

  it("refuses keys that cannot sign", async () => {
    for (const wrong of ["channel.pub.json", "root.json", "gone.json"])
      await refused(() => serve("1.0.0", { key: key(wrong) }), "key-invalid", /: [^\n]*$/);
  });
});

import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseNextRoot, parsePublicJwk, parseRoot } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { contentsOf } from "../registry/files.fixture.ts";
import { changeRoot, type RootChange } from "./change-root.ts";
import { type KeygenResult, keygen } from "./keygen.ts";
import { followRootFile } from "./root-file.ts";

describe("changeRoot", () => {
  let out: string;
  let made: KeygenResult;
  const text = (name: string) => readFile(join(out, name), "utf8");
  const root = async () => parseRoot(await text("root.json"));
  const change = (wanted: RootChange) => changeRoot({ out, change: wanted });
  const rotate = (role: "pack" | "channel" | "root") => change({ kind: "rotate", role });

  beforeEach(async () => {
    out = await temporaryFolder();
    made = await keygen({ out });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("adds a key to a role and leaves the old one valid, until it is dropped", async () => {
    const before = new Map(await contentsOf(out));
    const rotated = await rotate("pack");
    expect(rotated.files.map((file) => file.slice(out.length + 1))).toEqual([
      "pack-2.key.json",
      "pack-2.pub.json",
      "root.json",
    ]);
    expect(rotated.keys.pack).toEqual([made.keys.pack[0], expect.any(String)]);
    expect(rotated.keys.channel).toEqual(made.keys.channel);
    const document = await root();
    expect(document.version).toBe(2);
    expect(document.roles.pack.keys[1]).toEqual(parsePublicJwk(await text("pack-2.pub.json")));
    for (const [path, hex] of await contentsOf(out))
      if (before.has(path) && !path.endsWith("root.json")) expect(hex).toBe(before.get(path));

    const dropped = await change({ kind: "drop", key: made.keys.pack[0]?.slice(0, 8) ?? "" });
    expect(dropped.keys.pack).toEqual([rotated.keys.pack[1]]);
    expect((await root()).version).toBe(3);
  });

  it("lets the root key hand over to the next, whose document both sign", async () => {
    await copyFile(join(out, "root.json"), join(out, "trusted.json"));
    const trusted = await root();
    const { files, keys } = await rotate("root");
    expect(files.map((file) => file.slice(out.length + 1))).toEqual([
      "root-2.key.json",
      "root-2.pub.json",
      "root-2.json",
      "root.json",
    ]);
    expect(keys.root).not.toEqual(made.keys.root);
    expect((await parseNextRoot(await text("root.json"), trusted)).version).toBe(2);

    // What follows is signed by the new key alone, and found by way of the version between.
    await rm(join(out, "root.key.json"));
    await change({ kind: "renew" });
    await expect(parseNextRoot(await text("root.json"), trusted)).rejects.toMatchObject({
      code: "signature-invalid",
    });
    const follow = () => followRootFile(join(out, "root.json"), join(out, "trusted.json"));
    expect((await follow()).version).toBe(3);
    await rotate("root");
    await rotate("channel");
    expect((await follow()).version).toBe(5);
    await rm(join(out, "root-2.json"));
    await expect(follow()).rejects.toMatchObject({ code: "signature-invalid" });
  });

  it("follows neither back to an older document, nor to somebody else's", async () => {
    await copyFile(join(out, "root.json"), join(out, "old.json"));
    await change({ kind: "renew" });
    const from = (file: string) => followRootFile(join(out, file), join(out, "root.json"));
    await expect(from("old.json")).rejects.toMatchObject({
      code: "root-invalid",
      message: expect.stringContaining("version 1, and version 2 is trusted already"),
    });
    const others = await temporaryFolder();
    await keygen({ out: others });
    await changeRoot({ out: others, change: { kind: "rotate", role: "root" } });
    await copyFile(join(others, "root.json"), join(out, "theirs.json"));
    await expect(from("theirs.json")).rejects.toMatchObject({ code: "signature-invalid" });
  });

  it("renews a document that has expired", async () => {
    vi.useFakeTimers({ now: Date.parse("2099-01-01T00:00:00Z"), toFake: ["Date"] });
    expect((await change({ kind: "renew" })).root).toMatchObject({
      version: 2,
      expires: "2100-01-01T00:00:00.000Z",
    });
  });

  it("drops no key that its role cannot do without, nor one that is not named clearly", async () => {
    const before = await contentsOf(out);
    for (const [key, says] of [
      [made.keys.pack[0], "no other"],
      ["0".repeat(64), "0 pack and channel keys"],
      [made.keys.root[0], "0 pack and channel keys"],
      ["abc", "at least 8"],
      ["", "at least 8"],
    ] as const)
      await expect(change({ kind: "drop", key: key ?? "" })).rejects.toMatchObject({
        code: "options-invalid",
        message: expect.stringContaining(says),
      });
    expect(await contentsOf(out)).toEqual(before);
  });

  it.each<[wrong: string, code: string, spoil: () => Promise<void>]>([
    ["no root document", "root-invalid", () => rm(join(out, "root.json"))],
    ["a web page for one", "root-invalid", () => writeFile(join(out, "root.json"), "<html>")],
    ["no root key", "key-invalid", () => rm(join(out, "root.key.json"))],
    [
      "another root key",
      "key-invalid",
      () => copyFile(join(out, "pack.key.json"), join(out, "root.key.json")),
    ],
    [
      "a root document that was changed",
      "signature-invalid",
      async () => {
        const envelope = JSON.parse(await text("root.json"));
        const plain = Buffer.from(envelope.payload, "base64").toString();
        envelope.payload = Buffer.from(plain.replace('"version":1', '"version":9')).toString(
          "base64",
        );
        await writeFile(join(out, "root.json"), JSON.stringify(envelope));
      },
    ],
    [
      "a key file in the new one's place",
      "key-invalid",
      () => writeFile(join(out, "pack-2.pub.json"), "mine"),
    ],
  ])("changes nothing for %s", async (_, code, spoil) => {
    await spoil();
    const before = await contentsOf(out);
    await expect(rotate("pack")).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/^[^\n]+$/),
    });
    expect(await contentsOf(out)).toEqual(before);
  });
});

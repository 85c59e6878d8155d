import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addModel, modelFile, temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import { promote } from "../promote.ts";
import { verify } from "../verify/verify.ts";
import { changeRoot } from "./change-root.ts";
import { keygen } from "./keygen.ts";

describe("verify with a root document", () => {
  let [registry, keys, others] = ["", "", ""];
  const key = (name: string) => join(keys, name);
  const problems = async (trusted: { key?: string; channelKey?: string; root?: string }) =>
    (await verify({ name: "m", registry, ...trusted })).problems;
  const byRoot = () => problems({ root: key("root.json") });

  beforeEach(async () => {
    registry = await temporaryFolder();
    [keys, others] = [await temporaryFolder(), await temporaryFolder()];
    await keygen({ out: keys });
    await keygen({ out: others });
    const model = await modelFile(addModel());
    const version = { name: "m", version: "1.0.0", registry };
    await pack({ model, ...version, key: key("pack.key.json") });
    await promote({ ...version, channel: "stable", key: key("channel.key.json") });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("believes the keys it lists, old ones until they are dropped", async () => {
    expect(await byRoot()).toEqual([]);
    const { keys: listed } = await changeRoot({
      out: keys,
      change: { kind: "rotate", role: "pack" },
    });
    expect(await byRoot()).toEqual([]);
    await changeRoot({ out: keys, change: { kind: "drop", key: listed.pack[0] ?? "" } });
    expect(await byRoot()).toEqual([
      {
        part: "signature",
        version: "1.0.0",
        message: expect.stringMatching(/^m\/1\.0\.0\/manifest\.sig: no valid signature by/),
      },
    ]);
  });

  it("holds each role to its own keys", async () => {
    const model = await modelFile(addModel());
    await pack({ model, name: "m", version: "2.0.0", registry, key: key("channel.key.json") });
    expect(await byRoot()).toEqual([
      expect.objectContaining({ part: "signature", version: "2.0.0" }),
    ]);
  });

  it("says that the document has expired, and goes on", async () => {
    vi.useFakeTimers({ now: Date.parse("2028-01-01T00:00:00Z"), toFake: ["Date"] });
    expect(await byRoot()).toEqual([
      { part: "root", message: expect.stringMatching(/root\.json: expired on 20[^\n]*$/) },
      expect.objectContaining({ part: "channels" }),
    ]);
  });

  it("says that the document is not one, or was not signed by its root key", async () => {
    for (const text of ["<html>", "", '{"payloadType":"x"}']) {
      await writeFile(key("root.json"), text);
      expect(await byRoot()).toEqual([
        { part: "root", message: expect.stringMatching(/root\.json: [^\n]*expected [^\n]*$/) },
      ]);
    }
    expect(await problems({ root: key("gone.json") })).toEqual([
      { part: "root", message: expect.stringContaining("gone.json: cannot be read (ENOENT)") },
    ]);
  });

  it("wants a key that is given beside it to be listed there", async () => {
    const [root, other] = [key("root.json"), join(others, "pack.pub.json")];
    expect((await problems({ root, key: other })).map(({ part }) => part)).toEqual([
      "root",
      "signature",
    ]);
    expect(await problems({ root, key: key("pack.pub.json") })).toEqual([]);
    expect(await problems({ root, key: key("channel.pub.json") })).toContainEqual({
      part: "root",
      message: expect.stringMatching(
        /channel\.pub\.json: not one of the pack keys of .*root\.json/,
      ),
    });
  });
});

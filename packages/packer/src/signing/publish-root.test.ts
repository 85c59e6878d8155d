import { copyFile, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseRoot } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { contentsOf } from "../registry/files.fixture.ts";
import { changeRoot } from "./change-root.ts";
import { keygen } from "./keygen.ts";
import { publishRoot } from "./publish-root.ts";

describe("publishRoot", () => {
  let [out, registry] = ["", ""];
  const publish = () => publishRoot({ out, registry });
  const rotate = () => changeRoot({ out, change: { kind: "rotate", role: "root" } });
  const renew = () => changeRoot({ out, change: { kind: "renew" } });

  beforeEach(async () => {
    [out, registry] = [await temporaryFolder(), await temporaryFolder()];
    await keygen({ out });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("hands out the newest document and every hand-over, and no secret", async () => {
    expect((await publish()).files).toEqual([join(registry, "root.json")]);
    await rotate();
    await renew();
    await rotate();
    expect((await publish()).version).toBe(4);
    expect((await readdir(registry)).sort()).toEqual(["root-2.json", "root-4.json", "root.json"]);
    expect((await parseRoot(await readFile(join(registry, "root.json"), "utf8"))).version).toBe(4);
    expect((await publish()).files).toEqual([]);
  });

  it("needs no root key", async () => {
    await rm(join(out, "root.key.json"));
    expect((await publish()).version).toBe(1);
  });

  it.each<[wrong: string, code: string, says: string, spoil: () => Promise<unknown>]>([
    [
      "one that is older than what is handed out",
      "root-invalid",
      "version 2 is trusted already",
      async () => {
        await copyFile(join(out, "root.json"), join(registry, "old.json"));
        await renew();
        await publish();
        await copyFile(join(registry, "old.json"), join(out, "root.json"));
      },
    ],
    [
      "another of the same version",
      "root-invalid",
      "so that its version grows",
      async () => {
        await copyFile(join(out, "root.json"), join(registry, "old.json"));
        await renew();
        await publish();
        await copyFile(join(registry, "old.json"), join(out, "root.json"));
        await changeRoot({ out, change: { kind: "rotate", role: "pack" } });
      },
    ],
    [
      "somebody else's",
      "signature-invalid",
      "no valid signature",
      async () => {
        const others = await temporaryFolder();
        await keygen({ out: others });
        await publishRoot({ out: others, registry });
      },
    ],
    [
      "one that has expired",
      "root-invalid",
      "expired on",
      async () => vi.useFakeTimers({ now: Date.parse("2099-01-01"), toFake: ["Date"] }),
    ],
    ["none at all", "root-invalid", "cannot be read", () => rm(join(out, "root.json"))],
    [
      "a registry that is not there",
      "not-found",
      "no registry",
      async () => rm(registry, { recursive: true }),
    ],
  ])("changes nothing for %s", async (_, code, says, spoil) => {
    await spoil();
    const before = await contentsOf(registry).catch(() => undefined);
    await expect(publish()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(says),
    });
    expect(await contentsOf(registry).catch(() => undefined)).toEqual(before);
  });
});

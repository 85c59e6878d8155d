import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseChannels } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { inspect } from "./inspect.ts";
import { addModel, filled, modelFile, temporaryFolder } from "./onnx/onnx-model.fixture.ts";
import { pack } from "./pack.ts";
import { promote } from "./promote.ts";

describe("promote", () => {
  let registry: string;
  const digests: Record<string, string> = {};
  const file = () => join(registry, "m/channels.json");
  const channels = async () => parseChannels(await readFile(file(), "utf8"));
  const serve = (version: string, channel = "stable") =>
    promote({ name: "m", version, channel, registry });

  beforeEach(async () => {
    registry = await temporaryFolder();
    for (const [version, fill] of [
      ["1.0.0", 1],
      ["2.0.0", 2],
    ] as const) {
      const path = await modelFile(addModel(filled("w", 512, fill)));
      digests[version] = (await pack({ model: path, name: "m", version, registry })).digest;
    }
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("writes a channel document that serves the version to every device for a year", async () => {
    vi.useFakeTimers({ now: Date.parse("2030-01-01T00:00:00Z"), toFake: ["Date"] });
    expect(await serve("1.0.0")).toEqual({
      outcome: "promoted",
      digest: digests["1.0.0"],
      sequence: 1,
    });
    expect(await channels()).toMatchObject({
      name: "m",
      sequence: 1,
      issued: "2030-01-01T00:00:00.000Z",
      expires: "2031-01-01T00:00:00.000Z",
      channels: {
        stable: [{ version: "1.0.0", manifest: digests["1.0.0"], buckets: [0, 10_000] }],
      },
    });
  });

  it("leaves the file untouched where the channel serves the version already", async () => {
    await serve("1.0.0");
    const before = await readFile(file(), "utf8");
    expect(await serve("1.0.0")).toMatchObject({ outcome: "unchanged", sequence: 1 });
    expect(await readFile(file(), "utf8")).toBe(before);
  });

  it("renews a document that is about to expire", async () => {
    vi.useFakeTimers({ now: Date.parse("2030-01-01T00:00:00Z"), toFake: ["Date"] });
    await serve("1.0.0");
    vi.setSystemTime(Date.parse("2030-12-01T00:00:00Z"));
    expect(await serve("1.0.0")).toMatchObject({ outcome: "promoted", sequence: 2 });
  });

  it("keeps other channels and counts on", async () => {
    await serve("1.0.0");
    await serve("2.0.0", "beta");
    await serve("2.0.0");
    const { sequence, channels: served } = await channels();
    expect(sequence).toBe(3);
    expect(served["beta"]?.map(({ version }) => version)).toEqual(["2.0.0"]);
    expect(served["stable"]?.map(({ version }) => version)).toEqual(["2.0.0"]);
    const { manifest, channels: serving } = await inspect({ name: "m", registry });
    expect([manifest.version, serving]).toEqual(["2.0.0", ["stable", "beta"]]);
  });

  it("refuses a version that is not there, and one whose manifest is damaged", async () => {
    await expect(serve("3.0.0")).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("1.0.0, 2.0.0"),
    });
    await writeFile(join(registry, "m/1.0.0/manifest.json"), "{");
    await expect(serve("1.0.0")).rejects.toMatchObject({ code: "manifest-invalid" });
    await expect(readFile(file())).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("does not write over a channel document that it cannot read", async () => {
    await writeFile(file(), "<html>");
    await expect(serve("1.0.0")).rejects.toMatchObject({ code: "channel-invalid" });
    expect(await readFile(file(), "utf8")).toBe("<html>");
  });

  it("takes no channel name that is none", async () => {
    await expect(serve("1.0.0", "__proto__/x")).rejects.toMatchObject({ code: "options-invalid" });
  });
});

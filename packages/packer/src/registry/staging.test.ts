import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { ModelFolder } from "./registry.ts";
import { Staging } from "./staging.ts";
import { sweepTemporaries } from "./sweep-temporaries.ts";

describe("Staging", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  /** A disk with room for one piece. */
  function* fullDisk(): Generator<Uint8Array> {
    yield new Uint8Array(1000);
    throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  }

  it("shows nothing until everything is put in place", async () => {
    const staging = new Staging();
    await staging.add(join(folder, "a/one"), [Uint8Array.of(49), Uint8Array.of(50)]);
    await staging.add(join(folder, "two"), []);
    expect((await readdir(folder, { recursive: true })).filter(isVisible)).toEqual(["a"]);
    expect(await staging.place()).toBe(true);
    await staging.discard();
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(["a", "a/one", "two"]);
    expect(await readFile(join(folder, "a/one"), "utf8")).toBe("12");
  });

  it("says that the disk is full, and takes every file and folder away that it had made", async () => {
    const staging = new Staging();
    await mkdir(join(folder, "there"));
    await staging.add(join(folder, "there/a/b/one"), [Uint8Array.of(1)]);
    await expect(staging.add(join(folder, "there/a/c/two"), fullDisk())).rejects.toMatchObject({
      code: "registry-invalid",
      message: expect.stringMatching(/the disk is full.*Free some space/),
    });
    await staging.discard();
    expect(await readdir(folder, { recursive: true })).toEqual(["there"]);
  });

  it("leaves folders that somebody else has put something into", async () => {
    const staging = new Staging();
    await staging.add(join(folder, "a/b/one"), []);
    await writeFile(join(folder, "a/theirs"), "");
    await staging.discard();
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(["a", "a/theirs"]);
  });

  it("gives up between two pieces once it is aborted, with the reason", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    function* pieces(): Generator<Uint8Array> {
      yield Uint8Array.of(1);
      stop.abort(reason);
      yield Uint8Array.of(2);
    }
    const staging = new Staging(stop.signal);
    await expect(staging.add(join(folder, "one"), pieces())).rejects.toBe(reason);
    await staging.discard();
    expect(await readdir(folder)).toEqual([]);
  });

  it("puts a new file nowhere where there is one already, nor those after it", async () => {
    const staging = new Staging();
    await staging.add(join(folder, "first"), []);
    await staging.add(join(folder, "new"), [Uint8Array.of(49)], true);
    await staging.add(join(folder, "last"), []);
    await writeFile(join(folder, "new"), "theirs");
    expect(await staging.place()).toBe(false);
    expect(staging.placed).toEqual([join(folder, "first")]);
    await staging.discard();
    expect((await readdir(folder)).sort()).toEqual(["first", "new"]);
    expect(await readFile(join(folder, "new"), "utf8")).toBe("theirs");
  });
});

describe("sweepTemporaries", () => {
  it("takes away what was abandoned for a day, and nothing else", async () => {
    const registry = await temporaryFolder();
    const segments = join(registry, "m/segments");
    await mkdir(segments, { recursive: true });
    const [old, young] = ["4", "5"].map(
      (digit) => `.${digit}0000000-0000-4000-8000-000000000000.tmp`,
    );
    for (const name of [old, young, ".other.tmp", "kept.bin"]) {
      await writeFile(join(segments, `${name}`), "");
      const long = new Date(Date.now() - 25 * 60 * 60 * 1000);
      if (name !== young) await utimes(join(segments, `${name}`), long, long);
    }
    await sweepTemporaries(new ModelFolder(registry, "m"), "1.0.0");
    expect((await readdir(segments)).sort()).toEqual([young, ".other.tmp", "kept.bin"].sort());
  });
});

function isVisible(path: string): boolean {
  return !path.split("/").some((part) => part.startsWith("."));
}

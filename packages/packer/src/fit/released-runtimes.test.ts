import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { RuntimeIndex } from "@selvedge/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addModel, encode } from "../onnx/onnx-model.fixture.ts";
import { LARGE, readBranches } from "../wasm/branches.ts";
import { readBodies } from "../wasm/module-parts.ts";
import { readSections } from "../wasm/sections.ts";
import { FILES, hostRelease, installedRelease, olderRelease } from "./onnxruntime.fixture.ts";
import { runTrial } from "./trial.ts";
import type { Trial, TrialImage, TrialStep } from "./trial-request.ts";

const DAY_MS = 86_400_000;
const LIMITS = { timeoutMs: 60_000, signal: undefined };

const input = (seed: number): TrialStep => {
  const data = Float32Array.from({ length: 512 }, (_, i) => Math.sin(seed * i + 0.1));
  return { kind: "run", inputs: [{ name: "x", dtype: "float32", dims: [1, 512], data }] };
};

/** Fetching the older release, the first time, takes what the network takes. */
const FETCH_TIMEOUT_MS = 300_000;

describe.each([
  ["the installed release", installedRelease],
  ["the release before it", olderRelease],
])("%s of onnxruntime-web", (_, release) => {
  let folder: string;
  let index: RuntimeIndex;
  let trial: Omit<Trial, "steps">;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "selvedge-release-"));
    const hosted = await hostRelease(await release(), folder);
    index = hosted.index;
    const url = (file: string) => pathToFileURL(join(folder, file)).href;
    const { api, shim } = hosted.files;
    trial = {
      files: { api: url(api), shim: url(shim), glue: url(FILES.glue), wasm: url(FILES.wasm) },
      module: await WebAssembly.compile(new Uint8Array(await readFile(join(folder, FILES.wasm)))),
      facts: index.waking,
      model: { graph: encode(addModel()), weights: [] },
      settings: {},
    };
  }, FETCH_TIMEOUT_MS);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("is one that can be woken", () => {
    expect(index.reason).toBeUndefined();
    expect(index.waking?.globals.length).toBeGreaterThan(5);
    const { host, stackEnd, stackPointer } = index.waking ?? {};
    const named = [host?.isMainThread, host?.mayWait, stackEnd, stackPointer];
    expect(new Set(named).size).toBe(4);
    expect(index.waking?.globals).toEqual(expect.arrayContaining(named));
  });

  it("has no large function whose branches cannot be told", async () => {
    const bodies = readBodies(readSections(await readFile(join(folder, FILES.wasm))));
    const branches = readBranches(bodies);
    const large = [...bodies.keys()].filter((i) => (bodies[i]?.length ?? 0) > LARGE.functions);
    expect(large.length).toBeGreaterThan(0);
    for (const i of large) expect(branches[i]?.length).toBeGreaterThan(0);
  });

  it("answers bit for bit once it was written down and woken, be it a day later", async () => {
    const inputs = [input(1), input(2), input(3)];
    const written = await runTrial(
      { ...trial, steps: [input(0), { kind: "write-down" }, ...inputs] },
      LIMITS,
    );
    const [, ...answers] = written.answers;
    expect(new Set(answers).size).toBe(inputs.length);
    expect(written.image?.runs.length).toBeGreaterThan(0);
    for (const ageMs of [0, DAY_MS]) {
      const woken = await runTrial(
        { ...trial, image: written.image, ageMs, steps: [...inputs, { kind: "release" }] },
        LIMITS,
      );
      expect(woken.answers).toEqual(answers);
    }
  });

  it("is not woken over the function table of another", async () => {
    const { image } = await runTrial({ ...trial, steps: [{ kind: "write-down" }] }, LIMITS);
    if (image === undefined) throw new Error("nothing was written down");
    const foreign: TrialImage = { ...image, tableLength: image.tableLength + 1 };
    await expect(runTrial({ ...trial, image: foreign, steps: [input(0)] }, LIMITS)).rejects.toThrow(
      /function table is not the image's/,
    );
  });
});

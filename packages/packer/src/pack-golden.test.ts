import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { contentsOf } from "./files.fixture.ts";
import { type FixtureArray, npz } from "./npz.fixture.ts";
import { addModel, modelFile, temporaryFolder } from "./onnx-model.fixture.ts";
import { type PackOptions, pack } from "./pack.ts";

/** Packs a model that adds 0.5, with a golden file. */
async function packWith(
  file: string,
  content: string | Uint8Array,
  more: Partial<PackOptions> = {},
) {
  const model = await modelFile(addModel());
  const golden = join(dirname(model), file);
  await writeFile(golden, content);
  const registry = join(await temporaryFolder(), "registry");
  const packing = pack({ model, name: "m", version: "1.0.0", registry, golden, ...more });
  return { packing, contents: () => contentsOf(registry) };
}

const floats = (shape: number[], value: number): FixtureArray => ({
  descr: "<f4",
  shape,
  data: new Float32Array(shape.reduce((count, dim) => count * dim, 1)).fill(value),
});

describe("pack with a golden file", () => {
  it("records what onnxruntime-web answers to inputs that NumPy saved", async () => {
    const arrays = { x: floats([2, 512], 1), "outputs/y": floats([2, 512], 1.50001) };
    const { packing } = await packWith("golden.npz", npz(arrays));
    const { manifest } = await packing;
    expect(manifest.golden.cases).toMatchObject([
      { inputs: [{ name: "x", dims: [2, 512] }], outputs: [{ name: "y", dims: [2, 512] }] },
    ]);
    const [answer] = manifest.golden.cases[0]?.outputs ?? [];
    const own = new Uint8Array(new Float32Array(1024).fill(1.5).buffer);
    const digest = await crypto.subtle.digest("SHA-256", own);
    expect(answer?.sha256).toBe(Buffer.from(digest).toString("hex"));
  });

  it("refuses a model that does not answer as the file expects, with numbers", async () => {
    const arrays = { "0/x": floats([1, 512], 1), "0/outputs/y": floats([1, 512], 2) };
    const { packing, contents } = await packWith("golden.npz", npz(arrays));
    await expect(packing).rejects.toMatchObject({
      code: "golden-failed",
      message: expect.stringContaining(
        'case 0 as the file expects: output "y" is 1.5 instead of 2',
      ),
    });
    expect(await contents()).toEqual([]);
  });

  it("refuses inputs that are not the model's before it runs anything, and leaves no trace", async () => {
    const arrays = { x: floats([2, 513], 1) };
    const phases: string[] = [];
    const onProgress = ({ phase }: { phase: string }) => void phases.push(phase);
    const { packing, contents } = await packWith("golden.npz", npz(arrays), { onProgress });
    await expect(packing).rejects.toMatchObject({
      code: "options-invalid",
      message:
        'Golden file golden.npz: case 0: input "x" is [2, 513], and the model\'s is [any, 512].',
    });
    expect(phases).not.toContain("golden");
    expect(await contents()).toEqual([]);
  });
});

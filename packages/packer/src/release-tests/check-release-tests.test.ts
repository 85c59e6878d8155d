import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "@selvedge/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import {
  floats,
  graph,
  model,
  modelFile,
  node,
  temporaryFolder,
  value,
} from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import { BlobSource } from "../registry/blob-source.ts";
import { ModelFolder } from "../registry/registry.ts";
import { checkBlobs } from "../verify/check-blobs.ts";
import { verify } from "../verify/verify.ts";
import { checkReleaseTests } from "./check-release-tests.ts";

const CLASSES = 32;

/** The class is where x is largest. */
const classifier = model(
  graph({
    input: [value("x", ["n", CLASSES])],
    output: [value("y", ["n", CLASSES])],
    initializer: [
      floats(
        "w",
        [CLASSES, CLASSES],
        Array.from({ length: CLASSES ** 2 }, (_, i) => (i % (CLASSES + 1) === 0 ? 1 : 0)),
      ),
    ],
    node: [node("MatMul", ["x", "w"], ["y"])],
  }),
);

describe("testing a pack once more", () => {
  let registry: string;
  let files: { evaluation: string; regression: string };

  beforeEach(async () => {
    const folder = await temporaryFolder();
    registry = join(folder, "registry");
    const item = (chosen: number, label: number) => {
      const data = Array.from({ length: CLASSES }, (_, i) => (i === chosen ? 1 : 0));
      return { inputs: { x: { type: "float32", dims: [1, CLASSES], data } }, label };
    };
    const write = async (name: string, cases: unknown[]) => {
      await writeFile(join(folder, name), JSON.stringify({ cases }));
      return join(folder, name);
    };
    files = {
      evaluation: await write("eval.json", [item(3, 3), item(4, 5)]),
      regression: await write("regression.json", [item(7, 7)]),
    };
    const metrics = [{ metric: "accuracy" as const, min: 0.5 }, { metric: "f1" as const }];
    await pack({
      model: await modelFile(classifier),
      name: "m",
      version: "1.0.0",
      registry,
      ...files,
      metrics,
    });
  });

  /** The problems of the pack as a manifest that was changed tells of it. */
  async function problemsOf(change: (manifest: Manifest) => Manifest): Promise<string[]> {
    const folder = new ModelFolder(registry, "m");
    const { manifest } = await folder.manifest("1.0.0");
    const { contents } = await checkBlobs(folder, manifest, await BlobSource.open(folder));
    const problems = await checkReleaseTests({ manifest: change(manifest), contents }, files);
    return problems.map(({ part, message }) => `${part}: ${message}`);
  }

  test("finds nothing wrong with what is as it was", async () => {
    expect(await verify({ name: "m", registry, ...files })).toMatchObject({ problems: [] });
    expect(await verify({ name: "m", registry, regression: files.regression })).toMatchObject({
      problems: [],
    });
    expect(await problemsOf((manifest) => manifest)).toEqual([]);
  });

  test("refuses files that are not those it was tested by, and those it was not tested by", async () => {
    const { problems } = await verify({
      name: "m",
      registry,
      evaluation: files.regression,
      vocabulary: files.regression,
    });
    expect(problems).toMatchObject([
      {
        part: "tests",
        message: expect.stringMatching(
          /^The evaluation file has the digest .* was tested by [0-9a-f]{64}\./,
        ),
      },
      {
        part: "tests",
        message: expect.stringMatching(/^The vocabulary file .* was tested by none\./),
      },
    ]);
  });

  test("tells of a metric that is not what was recorded", async () => {
    const problems = await problemsOf((manifest) => ({
      ...manifest,
      variants: manifest.variants.map((variant) => ({ ...variant, metrics: { accuracy: 0.52 } })),
    }));
    expect(problems).toEqual([
      "tests: The accuracy of fp32 is 0.5, and 0.52 was recorded. Test and pack the model again under a new version.",
    ]);
  });

  test("tells of a metric that it does not know", async () => {
    const problems = await problemsOf((manifest) => ({
      ...manifest,
      tests: {
        ...manifest.tests,
        ...(manifest.tests?.evaluation && {
          evaluation: { ...manifest.tests.evaluation, metrics: [{ metric: "beauty" }] },
        }),
      },
    }));
    expect(problems).toEqual([expect.stringContaining("metric beauty is not one")]);
  });

  test("tells of a variant that cannot be run", async () => {
    const problems = await problemsOf((manifest) => ({
      ...manifest,
      // A graph that is not there any more.
      variants: manifest.variants.map((variant) => ({
        ...variant,
        graph: { ...variant.graph, sha256: "0".repeat(64) },
      })),
    }));
    expect(problems).toEqual([
      expect.stringContaining("tests: fp32 cannot be loaded for its tests"),
    ]);
  });
});

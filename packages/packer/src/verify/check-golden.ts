import {
  goldenCasesOf,
  type Manifest,
  type TensorRef,
  toleranceFor,
  toleranceOf,
} from "@selvedge/protocol";
import { difference } from "../golden/tolerance.ts";
import type { NamedTensor } from "../named-tensor.ts";
import { readRange } from "../registry/file-range.ts";
import { isEngine, openSession } from "../runtime/open-session.ts";
import type { Contents } from "./check-blobs.ts";
import type { Problem } from "./problem.ts";

/** Runs every variant on the golden inputs and holds its answers against the golden ones. */
export async function checkGolden(manifest: Manifest, contents: Contents): Promise<Problem[]> {
  const problems: Problem[] = [];
  const bytesOf = (digest: string): Uint8Array<ArrayBuffer> => {
    const range = contents.get(digest);
    return range === undefined ? new Uint8Array() : readRange(range);
  };
  const tensor = ({ name, dtype, dims, sha256 }: TensorRef): NamedTensor => ({
    name,
    dtype,
    dims,
    bytes: bytesOf(sha256),
  });
  for (const variant of manifest.variants) {
    const { dtype, engine, graph, tensors, backends } = variant;
    if (!isEngine(engine)) continue;
    // What is meant for other backends still has to give its answers here, as it did when packed.
    const backend = backends.find((place) => place === "wasm") ?? backends[0] ?? "wasm";
    const tolerance = toleranceOf(manifest, variant, backend);
    if (tolerance === undefined) {
      problems.push(problem(`There is no tolerance for ${dtype} on ${backend}`));
      continue;
    }
    try {
      const weights = new Map(
        tensors.map(({ sha256 }) => [sha256, contents.get(sha256) ?? new Uint8Array()]),
      );
      const session = await openSession({ engine, graph: bytesOf(graph.sha256), weights });
      try {
        for (const golden of goldenCasesOf(manifest, variant)) {
          const { inputs, outputs } = golden;
          const answers = await session.run(inputs.map(tensor));
          for (const output of outputs) {
            const answer = answers.find(({ name }) => name === output.name);
            const wrong = difference(answer, tensor(output), toleranceFor(output, tolerance));
            const index = manifest.golden.cases.indexOf(golden);
            if (wrong !== undefined)
              problems.push(problem(`Golden case ${index} of ${dtype}: ${wrong}`));
          }
        }
      } finally {
        await session.close();
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      problems.push(problem(`The golden answers of ${dtype} could not be run: ${reason}`));
    }
  }
  return problems;
}

function problem(what: string): Problem {
  return {
    part: "golden",
    message: `${what.replace(/\s+/g, " ").replace(/\.$/, "")}. Pack the model again under a new version.`,
  };
}

import {
  elementCount,
  goldenCasesOf,
  type Manifest,
  parseStrings,
  type TensorRef,
  toleranceFor,
  toleranceOf,
  type Variant,
} from "@selvedge/protocol";
import type { EngineSession } from "../../engine/engine-session.ts";
import type { Database } from "../../store/database.ts";
import { readBlobs } from "../../store/pieces.ts";
import type { Tensor, TensorData, Tensors } from "../../tensor.ts";
import type { Backend, Proof } from "../../worker/engine-api.ts";
import { compareAnswers } from "./compare-answers.ts";

/** Runs a pack's golden inputs on a session and holds every answer against the golden one. */
export async function prove(
  { database, session }: { database: Database; session: EngineSession },
  { manifest, variant, backend }: { manifest: Manifest; variant: Variant; backend: Backend },
): Promise<Proof> {
  const tolerance = toleranceOf(manifest, variant, backend);
  const cases = goldenCasesOf(manifest, variant);
  if (tolerance === undefined || cases.length === 0)
    return { holds: false, finding: `the pack has no golden answers for ${backend}` };
  const findings: string[] = [];
  for (const golden of cases) {
    const inputs = await readTensors(database, golden.inputs);
    const wanted = await readTensors(database, golden.outputs);
    const outputs = await session.run(inputs);
    for (const output of golden.outputs) {
      const { name } = output;
      const tensor = wanted[name];
      if (tensor === undefined) return { holds: false, finding: `the pack lacks output ${name}` };
      const proof = compareAnswers(name, outputs[name], tensor, toleranceFor(output, tolerance));
      if (!proof.holds) return proof;
      findings.push(proof.finding);
    }
  }
  return { holds: true, finding: findings.join("; ") };
}

async function readTensors(database: Database, refs: readonly TensorRef[]): Promise<Tensors> {
  const buffers = await readBlobs(database, refs);
  return Object.fromEntries(
    refs.map(({ name, dtype, dims }, i): [string, Tensor] => [
      name,
      { type: dtype, dims, data: viewOf({ dtype, dims }, buffers[i] ?? new ArrayBuffer(0)) },
    ]),
  );
}

function viewOf(
  { dtype, dims }: Pick<TensorRef, "dtype" | "dims">,
  buffer: ArrayBuffer,
): TensorData {
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer);
    case "float64":
      return new Float64Array(buffer);
    case "int8":
      return new Int8Array(buffer);
    case "uint8":
    case "bool":
    case "int4":
    case "uint4":
      return new Uint8Array(buffer);
    case "int16":
      return new Int16Array(buffer);
    case "uint16":
    case "float16":
      return new Uint16Array(buffer);
    case "int32":
      return new Int32Array(buffer);
    case "uint32":
      return new Uint32Array(buffer);
    case "int64":
      return new BigInt64Array(buffer);
    case "uint64":
      return new BigUint64Array(buffer);
    case "string":
      return parseStrings(new Uint8Array(buffer), elementCount(dims));
  }
}

import type { Manifest } from "@selvedge/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import type { EngineSession } from "../../engine/engine-session.ts";
import type { Database } from "../../store/database.ts";
import { freshDatabase } from "../../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, firstVariant } from "../../store/pack.fixture.ts";
import { pieceKeys, putPieces } from "../../store/pieces.ts";
import type { Tensor, TensorData, Tensors } from "../../tensor.ts";
import { prove } from "./prove.ts";
import { proveAt, runAt } from "./trial.ts";

const INPUT = Uint8Array.of(1, 2, 3);
const ANSWER = Uint8Array.of(2, 4, 6);

let database: Database;
let pack: BuiltPack;

beforeEach(async () => {
  database = await freshDatabase();
  pack = await buildPack({ tensors: [], golden: [INPUT, ANSWER] });
  const [golden] = pack.manifest.golden.cases;
  for (const blob of [...(golden?.inputs ?? []), ...(golden?.outputs ?? [])]) {
    const [key] = pieceKeys(blob);
    if (key === undefined) throw new Error("a blob has a piece");
    const { offset } = blob.at;
    const bytes = pack.segment.slice(offset, offset + blob.bytes).buffer;
    await putPieces(database, [{ key, bytes }]);
  }
});

/** A model that answers with what `compute` makes of its input `x`. */
function session(compute: (x: Tensor) => Tensors): EngineSession {
  return {
    async run({ x }) {
      if (x === undefined) throw new Error("it has one input");
      return compute(x);
    },
    release: async () => undefined,
  };
}

function numbersOf(data: TensorData): number[] {
  return Array.from(data as Uint8Array);
}

function bytes(values: readonly number[]): Tensor {
  return { type: "uint8", data: Uint8Array.from(values), dims: [values.length] };
}

function floats(values: readonly number[]): Tensor {
  return { type: "float32", data: Float32Array.from(values), dims: [values.length] };
}

const doubling = session(({ data }) => ({ y: bytes(numbersOf(data).map((x) => 2 * x)) }));

function onTrial(tried: EngineSession, manifest: Manifest = pack.manifest) {
  const variant = firstVariant(manifest);
  return { database, session: tried, manifest, variant, backend: "wasm" } as const;
}

const WASM = { backend: "wasm", dtype: "fp32" } as const;

describe("at the dims that are asked for", () => {
  test("the golden inputs are run again and again along them, and timed", async () => {
    const { outputs, runMs } = await runAt(onTrial(doubling), { x: [5] });
    expect(outputs["y"]).toEqual(bytes([2, 4, 6, 2, 4]));
    expect(runMs).toBeGreaterThanOrEqual(0);
  });

  test("inputs that are not named keep their own", async () => {
    expect((await runAt(onTrial(doubling), {})).outputs["y"]).toEqual(bytes([2, 4, 6]));
  });

  test("a pack without golden inputs has none to run", async () => {
    const { manifest } = await buildPack();
    await expect(runAt(onTrial(doubling, manifest), {})).rejects.toMatchObject({
      code: "no-candidate",
    });
  });
});

describe("a candidate's answers at dims that the app has used", () => {
  const dims = { x: [5] };
  const outputs = { y: bytes([2, 4, 6, 2, 4]) };

  test("hold where they are those of the engine that is trusted", async () => {
    const proof = await proveAt(onTrial(doubling), { dims, outputs, by: WASM });
    expect(proof).toEqual({ holds: true, finding: "output y is within 0.0e+0" });
  });

  test("do not hold where they differ beyond the golden dims only", async () => {
    const short = session(({ data }) => ({
      y: bytes(numbersOf(data).map((x, i) => (i < 3 ? 2 * x : 0))),
    }));
    const golden = await prove({ database, session: short }, onTrial(short));
    expect(golden.holds).toBe(true);
    expect(await proveAt(onTrial(short), { dims, outputs, by: WASM })).toEqual({
      holds: false,
      finding: "output y[3] is 0, elsewhere 2",
    });
  });

  test("may differ by the tolerance, and between precisions by that of both", async () => {
    const [variant] = pack.manifest.variants;
    if (variant === undefined) throw new Error("the pack has a variant");
    const tolerance = { wasm: { absolute: 0.25, relative: 0 } };
    const manifest: Manifest = {
      ...pack.manifest,
      golden: { ...pack.manifest.golden, tolerance },
      variants: [variant, { ...variant, dtype: "q8" }],
    };
    const off = session(({ data }) => ({ y: floats(numbersOf(data).map((x) => x + 0.5)) }));
    const trusted = { y: floats([1, 2, 3, 1, 2]) };
    const on = onTrial(off, manifest);
    const alike = await proveAt(on, { dims, outputs: trusted, by: WASM });
    expect(alike.holds).toBe(false);
    const q8 = { ...WASM, dtype: "q8" } as const;
    expect((await proveAt(on, { dims, outputs: trusted, by: q8 })).holds).toBe(true);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "do not hold with a %d that is not there elsewhere",
    async (broken) => {
      const tried = session(() => ({ y: floats([1, broken]) }));
      const trusted = { y: floats([1, 2]) };
      const proof = await proveAt(onTrial(tried), { dims, outputs: trusted, by: WASM });
      expect(proof).toEqual({ holds: false, finding: `output y[1] is ${broken}, elsewhere 2` });
    },
  );
});

test("a NaN in an output that no golden answer is held to fails the proof", async () => {
  const tried = session(({ data }) => ({
    y: bytes(numbersOf(data).map((x) => 2 * x)),
    z: floats([0, Number.NaN]),
  }));
  expect(await prove({ database, session: tried }, onTrial(tried))).toEqual({
    holds: false,
    finding: "output z[1] is NaN, which no golden answer says it may be",
  });
});

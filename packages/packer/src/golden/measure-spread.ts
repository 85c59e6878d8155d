import { bytesFrom, elementsOf, type NamedTensor } from "../named-tensor.ts";
import type { Optimization } from "../runtime/model-worker.ts";
import { type EngineSource, openSession } from "../runtime/open-session.ts";
import type { Golden } from "./golden.ts";
import { seededRandom } from "./seeded-random.ts";
import { largestDifference, type ProvenBackend } from "./tolerance.ts";
import { unlessRefused } from "./unless-refused.ts";

/** By backend, how far apart answers to one case were, in units of each answer's scale. */
export type Spread = Readonly<Record<ProvenBackend, number>>;

/** A sound way to compute the same, and the backends that may come to what it comes to. */
interface Way {
  readonly optimization: Optimization;
  /** What is added to or taken from each floating-point input, as a share of it. */
  readonly noise: number;
  readonly backends: readonly ProvenBackend[];
}

/**
 * Operators fused or not sum in other orders. Noise on the inputs stands for a backend's own rounding:
 * the last bits on WASM; on a GPU, what approximations of exp and the like come to.
 */
const WAYS: readonly Way[] = [
  { optimization: "disabled", noise: 0, backends: ["wasm", "webgpu"] },
  { optimization: "basic", noise: 0, backends: ["wasm", "webgpu"] },
  { optimization: "all", noise: 2 ** -22, backends: ["wasm", "webgpu"] },
  { optimization: "all", noise: 2 ** -16, backends: ["webgpu"] },
];

/**
 * Computes golden answers in several sound ways, of which a device may use any. Where a case cannot be
 * run in one of them, or whole numbers change, its spread is infinite.
 */
export async function measureSpread(
  source: EngineSource,
  golden: readonly Golden[],
  signal?: AbortSignal,
): Promise<Map<Golden, Spread>> {
  const spreads = new Map(golden.map((item) => [item, { wasm: 0, webgpu: 0 }]));
  for (const { optimization, noise, backends } of WAYS) {
    // A way in which the runtime does not take the model is none that a device would use.
    const session = await unlessRefused(openSession(source, { optimization }));
    if (session === undefined) continue;
    try {
      for (const [item, spread] of spreads) {
        signal?.throwIfAborted();
        const inputs = item.inputs.map((input) => withNoise(input, noise));
        const answers = (await unlessRefused(session.run(inputs))) ?? [];
        const apart = largestDifference(item, answers);
        for (const backend of backends) spread[backend] = Math.max(spread[backend], apart);
      }
    } finally {
      await session.close();
    }
  }
  return spreads;
}

function withNoise(input: NamedTensor, share: number): NamedTensor {
  const { dtype } = input;
  if (share === 0 || (dtype !== "float32" && dtype !== "float64")) return input;
  const random = seededRandom(2);
  const values = Array.from<unknown, number>(
    elementsOf(input),
    (value) => Number(value) * (1 + (random() < 0.5 ? -share : share)),
  );
  return { ...input, bytes: bytesFrom(dtype, values) };
}

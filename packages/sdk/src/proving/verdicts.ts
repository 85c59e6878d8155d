import { RUNTIME_VERSION, TFJS_VERSION } from "../engine/runtime-files.ts";
import type { Rung } from "../serving/ladder.ts";
import type { EngineName, Place } from "../worker/engine-api.ts";
import type { KeeperClient } from "../worker/keeper-client.ts";
import { isForgiven, soundVerdict, type Verdict } from "./verdict.ts";

/** What verdicts depend on besides the pack and the candidate. */
export interface Circumstances {
  readonly engine: EngineName;
  /** The GPU, as the browser describes it, and what fits in its buffers. */
  readonly adapter: string;
  /** Brand and major version. */
  readonly browser: string;
}

/** What is remembered of the candidates of one pack, under the circumstances of this device. */
export class Verdicts {
  readonly #keeper: KeeperClient;
  readonly #digest: string;
  readonly #circumstances: Circumstances;

  constructor(keeper: KeeperClient, digest: string, circumstances: Circumstances) {
    this.#keeper = keeper;
    this.#digest = digest;
    this.#circumstances = circumstances;
  }

  /** Every verdict that still says something. */
  async read(rungs: readonly Rung[]): Promise<Map<Rung, Verdict>> {
    const stored = await this.#keeper.call((keeper, call) => keeper.verdicts(call, this.#digest));
    const sound = new Map(
      stored
        .map(soundVerdict)
        .flatMap((verdict) => (verdict ? [[verdict.candidate, verdict]] : [])),
    );
    return new Map(
      rungs.flatMap((rung) => {
        const verdict = sound.get(candidateKey(rung));
        if (verdict?.under !== this.#under(rung.place)) return [];
        return isForgiven(verdict, Date.now()) ? [] : [[rung, verdict]];
      }),
    );
  }

  /** Remembers a verdict. What is already remembered of the candidate goes. */
  write(rung: Rung, verdict: Verdict): Promise<void> {
    const candidate = candidateKey(rung);
    const under = this.#under(rung.place);
    const record = { ...verdict, digest: this.#digest, candidate, under };
    return this.#keeper.call((keeper, call) =>
      keeper.judge(call, [this.#digest, candidate], record),
    );
  }

  #under({ backend, features }: Place): string {
    const { engine, adapter, browser } = this.#circumstances;
    const runtime =
      engine === "onnx" ? `onnxruntime-web ${RUNTIME_VERSION}` : `tfjs ${TFJS_VERSION}`;
    const processor =
      backend === "webgpu"
        ? `${adapter} with ${[...features].sort().join()}`
        : `isolated: ${globalThis.crossOriginIsolated === true}`;
    return [runtime, processor, browser].join("; ");
  }
}

/**
 * Forgets what is remembered of a candidate, so that it is proven again before it is relied on: for
 * whoever sees it fail while it serves. Never rejects: what cannot be forgotten is found out again.
 */
export async function forgetVerdict(
  keeper: KeeperClient,
  digest: string,
  rung: Rung,
): Promise<void> {
  await keeper
    .call((remote, call) => remote.judge(call, [digest, candidateKey(rung)], undefined))
    .catch(() => undefined);
}

/** What a candidate is remembered as. */
function candidateKey({ place: { backend, build, layout }, dtype }: Rung): string {
  return [backend, build, layout, dtype].join();
}

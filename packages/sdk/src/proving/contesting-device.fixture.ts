import { expect, vi } from "vitest";
import { FakeRegistry } from "../delivery/registry.fixture.ts";
import { eventually } from "../eventually.fixture.ts";
import type { LoadOptions } from "../options.ts";
import type { Pace } from "../serving/load-rooms.ts";
import type { Model } from "../serving/model.ts";
import { ModelPage } from "../serving/model-page.fixture.ts";
import { type Places, storedEngine } from "../serving/stored-engine.fixture.ts";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, noise, type PackContent } from "../store/pack.fixture.ts";
import { listPacks } from "../store/packs.ts";
import { answerFetches } from "../worker/fetch-by-page.fixture.ts";
import type { Candidate } from "./candidate.ts";

export const FAST = { runMs: 2 };
export const SLOW = { runMs: 50 };

/** A pack that runs on WASM and WebGPU, with one input. */
export function packOf(content: PackContent = {}): Promise<BuiltPack> {
  const signature = {
    inputs: [{ name: "x", dtype: "float32", dims: [-1] }],
    outputs: [],
  } as const;
  return buildPack({
    tensors: [noise(300, 1)],
    backends: ["wasm", "webgpu"],
    signature,
    ...content,
  });
}

/** Gives the browser a GPU, which `vi.unstubAllGlobals` takes away. */
export function useGpu(
  vendor: string,
  { userAgent = "Chrome/140.0", limits = {} }: { userAgent?: string; limits?: object } = {},
): void {
  const gpu = { requestAdapter: async () => ({ info: { vendor }, limits }) };
  vi.stubGlobal("navigator", { gpu, userAgent });
}

/** A device on which places contest who serves: one store, one registry, and a GPU. */
export class ContestingDevice {
  readonly database: Database;
  readonly registry: FakeRegistry;
  /** How each place does, of engines that are started from now on. */
  places: Places = {};
  /** What each engine of the last visit was asked, in order; `ended` last. */
  readonly engines: string[][] = [];
  /** What pages told of. */
  readonly failures: string[] = [];
  readonly rejections: string[] = [];
  readonly #pages: ModelPage[] = [];
  readonly #stopAnswering: () => void;

  private constructor(database: Database, pack: BuiltPack) {
    this.database = database;
    this.registry = new FakeRegistry([pack]);
    this.#stopAnswering = answerFetches((url, init) => this.registry.fetch(url, init));
    useGpu("nvidia");
  }

  static async make(): Promise<ContestingDevice> {
    const database = await freshDatabase();
    // Engines look into the store before the keeper does.
    await listPacks(database);
    return new ContestingDevice(database, await packOf());
  }

  /** The page that was opened last. */
  get page(): ModelPage {
    const page = this.#pages.at(-1);
    if (page === undefined) throw new Error("there was no visit yet");
    return page;
  }

  /** A visit of a page. */
  async visit(pace: Partial<Pace> = {}, options: LoadOptions = {}): Promise<Model> {
    const { failures, rejections } = this;
    const page = new ModelPage({ spawn: () => this.#spawn(), pace, failures, rejections });
    this.#pages.push(page);
    this.engines.length = 0;
    return page.load(options);
  }

  #spawn(): Worker {
    const worker = storedEngine({}, this.places);
    const asked: string[] = [];
    this.engines.push(asked);
    const post = worker.postMessage.bind(worker);
    vi.spyOn(worker, "postMessage").mockImplementation((message, transfer) => {
      if (message.type === "APPLY") asked.push(message.path.at(-1));
      post(message, transfer as Transferable[]);
    });
    const terminate = worker.terminate.bind(worker);
    vi.spyOn(worker, "terminate").mockImplementation(() => {
      if (asked.at(-1) !== "ended") asked.push("ended");
      terminate();
    });
    return worker;
  }

  /** How many engines of the last visit were asked for a proof. */
  proofs(): number {
    return this.engines.flat().filter((method) => method === "prove").length;
  }

  /** Verdicts as they lie in the store. */
  stored(): Promise<readonly Record<string, unknown>[]> {
    return this.database.use("looking at verdicts", async (connection) => {
      const records: readonly object[] = await connection.getAll("verdicts");
      return records.map((record) => ({ ...record }));
    });
  }

  /** Changes all verdicts. */
  async rewrite(
    change: (record: Record<string, unknown>) => Record<string, unknown>,
  ): Promise<void> {
    const records = await this.stored();
    await this.database.use("changing verdicts", async (connection) => {
      for (const record of records)
        await connection.put("verdicts", { ...record, ...change(record) } as never);
    });
  }

  async end(): Promise<void> {
    for (const page of this.#pages.toReversed()) await page.close();
    this.#stopAnswering();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  }
}

/** Inputs of so many values. */
export const x = (length: number) => ({
  x: { type: "float32" as const, data: new Float32Array(length), dims: [length] },
});

/** What became of each candidate; on WebGPU in the build of the runtime that comes first. */
export function standings(model: Model): Record<string, string> {
  const all = model.info.candidates.filter(
    ({ build, layout }) => layout === undefined || build === "jspi",
  );
  return Object.fromEntries(all.map((each) => [called(each), each.state]));
}

function called({ dtype, backend, layout }: Candidate): string {
  return layout === undefined ? backend : `${dtype} ${layout}`;
}

/** Waits until that became of the candidates. */
export async function until(model: Model, wanted: Record<string, string>): Promise<void> {
  await eventually(() => expect(standings(model)).toEqual(wanted));
}

/** The candidate that `standings` calls so. */
export function candidate(model: Model, wanted: string): Candidate | undefined {
  return model.info.candidates.find((each) => called(each) === wanted && each.build !== "webgpu");
}

import type { ErrorCode } from "@selvedge/protocol";
import { expect, vi } from "vitest";
import { FakeRegistry, select } from "../delivery/registry.fixture.ts";
import { eventually } from "../eventually.fixture.ts";
import type { LoadOptions } from "../options.ts";
import { findActive } from "../store/activations.ts";
import type { ActivationRecord, Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import {
  type BuiltPack,
  buildPack,
  firstVariant,
  noise,
  type PackContent,
} from "../store/pack.fixture.ts";
import { answerFetches } from "../worker/fetch-by-page.fixture.ts";
import type { KeeperApi } from "../worker/keeper-api.ts";
import type { KeeperClient } from "../worker/keeper-client.ts";
import type { Pace } from "./load-rooms.ts";
import type { Model } from "./model.ts";
import { ModelPage } from "./model-page.fixture.ts";
import type { ModelUpdate } from "./model-update.ts";
import { type Fault, storedEngine } from "./stored-engine.fixture.ts";

/** A version whose model answers with the number it begins with. */
export function packOf(version: string, content: PackContent = {}): Promise<BuiltPack> {
  return buildPack({
    version,
    tensors: [noise(3000, Number.parseInt(version, 10))],
    attachments: { "labels.txt": new TextEncoder().encode(`labels of ${version}`) },
    ...content,
  });
}

/** A device that updates models: one store, one registry that has the first version, and pages. */
export class UpdatingDevice {
  readonly database: Database;
  readonly first: BuiltPack;
  readonly second: BuiltPack;
  readonly third: BuiltPack;
  readonly registry: FakeRegistry;
  /** What is the matter with a version here. */
  readonly faults: Record<string, Fault> = {};
  /** Every engine that was started. */
  readonly engines: Worker[] = [];
  /** What pages told of: the operation, and the code of the error. */
  readonly failures: string[] = [];
  isOffline = false;
  readonly #pages: ModelPage[] = [];
  readonly #stopAnswering: () => void;

  private constructor(
    database: Database,
    [first, second, third]: readonly [BuiltPack, BuiltPack, BuiltPack],
  ) {
    this.database = database;
    this.first = first;
    this.second = second;
    this.third = third;
    this.registry = new FakeRegistry([first]);
    this.#stopAnswering = answerFetches((url, init) =>
      this.isOffline
        ? Promise.resolve(new Response("", { status: 503 }))
        : this.registry.fetch(url, init),
    );
  }

  static async make(): Promise<UpdatingDevice> {
    const database = await freshDatabase();
    await findActive(database, select());
    const packs = await Promise.all([packOf("1.0.0"), packOf("2.0.0"), packOf("3.0.0")]);
    return new UpdatingDevice(database, packs);
  }

  /** A page with a keeper of its own. */
  openPage(pace: Partial<Pace> = {}) {
    const spawn = () => {
      const worker = storedEngine(this.faults);
      vi.spyOn(worker, "terminate");
      this.engines.push(worker);
      return worker;
    };
    const page = new ModelPage({ spawn, pace, failures: this.failures, rejections: [] });
    this.#pages.push(page);
    return {
      pool: page.pool,
      refuseInBackground: (code: ErrorCode) => refuseInBackground(page.keeper, code),
      async load(options: LoadOptions = {}) {
        const model = await page.load(options);
        const events: ModelUpdate[] = [];
        const stop = model.on("update", (update) => events.push(update));
        return { model, events, stop, until: (state: string) => untilLast(events, state) };
      },
    };
  }

  /** Leaves the first version in the store, as a visit before did, and publishes others. */
  async visitedBefore(...published: BuiltPack[]): Promise<void> {
    const { model } = await this.openPage().load();
    await model.dispose();
    for (const pack of published) this.registry.publish(pack);
    this.registry.requests.length = 0;
  }

  /** How many engines run. */
  running(): number {
    return this.engines.filter(({ terminate }) => vi.mocked(terminate).mock.calls.length === 0)
      .length;
  }

  /** What the store says of the model. */
  active(): Promise<ActivationRecord | undefined> {
    return findActive(this.database, select());
  }

  /** The browser loses the graph of a pack. */
  loseGraph({ manifest }: BuiltPack): Promise<void> {
    return this.#lose(firstVariant(manifest).graph);
  }

  /** The browser loses a file that travels with a pack. */
  async loseLabels({ manifest }: BuiltPack): Promise<void> {
    for (const attachment of manifest.attachments) await this.#lose(attachment);
  }

  #lose({ sha256 }: { readonly sha256: string }): Promise<void> {
    return this.database.use("losing a piece", (connection) =>
      connection.delete("pieces", [sha256, 0]),
    );
  }

  async end(): Promise<void> {
    for (const page of this.#pages) await page.close();
    this.#stopAnswering();
    vi.restoreAllMocks();
  }
}

/** Makes the keeper refuse what is not waited for, as it does where the link says so. */
function refuseInBackground(keeper: KeeperClient, code: ErrorCode): void {
  const refused = { ok: false, error: { name: "SelvedgeError", code, message: code } } as const;
  const real = keeper.call.bind(keeper);
  vi.spyOn(keeper, "call").mockImplementation((invoke, signal) =>
    real((remote, call) => {
      const install = async (...args: Parameters<KeeperApi["install"]>) =>
        args[4]?.purpose === "update" ? refused : remote.install(...args);
      const get = (target: typeof remote, method: string | symbol) =>
        method === "install" ? install : Reflect.get(target, method);
      return invoke(new Proxy(remote, { get }), call);
    }, signal),
  );
}

async function untilLast(events: readonly ModelUpdate[], state: string): Promise<ModelUpdate> {
  return await eventually(() => {
    const last = events.at(-1);
    if (last?.state !== state) throw new Error(`it is ${last?.state}, not ${state}`);
    return last;
  });
}

export const states = (events: readonly ModelUpdate[]): string[] =>
  events.map(({ state }) => state);

export const answerOf = async (model: Model): Promise<unknown> =>
  (await model.predict({})).outputs["y"]?.data[0];

/** How the store names a pack. */
export const choice = ({ digest }: BuiltPack) => ({ digest, dtype: "fp32" });

/** How the store names a pack that was refused. */
export const refusalOf = ({ digest }: BuiltPack) => ({ digest, runtime: expect.any(String) });

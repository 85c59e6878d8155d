import { select } from "../delivery/registry.fixture.ts";
import { KeeperClient } from "../worker/keeper-client.ts";
import { ENGINE_METHODS, scriptedWorker } from "../worker/scripted-worker.fixture.ts";
import { EngineHost } from "./engine-host.ts";
import { EnginePool } from "./engine-pool.ts";
import type { OpenRooms } from "./open.ts";
import { RuntimeShelf } from "./runtime-shelf.ts";

const WASM = { backend: "wasm", build: "wasm", features: [] } as const;

/** A model of a page with keys. */
export const WANTED: ReturnType<typeof select> = select({ trust: "ab".repeat(32) });

/** A keeper of a registry that has the model, and offers it. */
const KEEPER = `
  start() {},
  cancel() {},
  offer() {
    tell(["offer"]);
    const pack = { digest: "d", version: "1.0.0", manifest: "{}", resolveMs: 5, signedBy: {} };
    return { ok: true, value: { ...pack, dtype: "auto", backend: "wasm", features: [] } };
  },
  fetchOffered(_call, _wanted, blobs) {
    tell(["fetch", blobs.length]);
    return { ok: true, value: 1340 };
  },
  standing: () => ({ ok: true }),
  install() {
    tell(["install"]);
    const costs = { bytes: 1, fetchedBytes: 1, resolveMs: 1, fetchMs: 1 };
    const pack = { digest: "d".repeat(64), version: "1.0.0", dtype: "fp32" };
    return { ok: true, value: { ...pack, ...costs, storage: { kind: "persistent" } } };
  },
  judge(_call, [, candidate], { image }) {
    tell(["judge", candidate, image]);
    return { ok: true };
  },
`;

/** An engine on a device that has nothing, until something was installed. */
export const SHIPPED_ENGINE: string = `${ENGINE_METHODS}
  start({ isPatient = false, ...request }) {
    tell(["start", isPatient ? "patiently" : "at once"]);
    return ({ ${ENGINE_METHODS} }).start(request);
  },
  consider() {
    const blobs = [["bare", 1000], ["image", 300], ["golden", 40], ["golden", 40]];
    const refs = blobs.map(([sha256, bytes]) => ({ sha256, bytes }));
    return { ok: true, value: { dtype: "fp32", blobs: refs } };
  },
  open(_session, { by }, { wake = "none", isFirst = false }) {
    tell(["open by", by, wake, ...(isFirst ? ["first"] : [])]);
    if (by === "selector") return { ok: true };
    const { value } = ({ ${ENGINE_METHODS} }).open();
    const image = { key: "k", bytes: 4096, readMs: 2, restoreMs: 1 };
    if (by !== "image") return { ok: true, value };
    return { ok: true, value: { ...value, waking: { step: "run", reason: "by image", image } } };
  },
  keepShipped: () => ({ ok: true, value: { key: "k", bytes: 4096, place: "opfs" } }),
`;

/** What a worker answers that fails, as it crosses. */
export function failed(code: string, message: string, detail: object = {}): string {
  return JSON.stringify({ ok: false, error: { name: "SelvedgeError", code, message, detail } });
}

/** Methods that workers have in place of their own. */
export interface OwnMethods {
  readonly engine?: string;
  readonly keeper?: string;
}

/** A page whose model ships an image, and what its workers were asked. */
export class ShippedPage {
  /** A line for each, from whichever worker. */
  readonly said: string[] = [];
  readonly #channel = new BroadcastChannel(crypto.randomUUID());
  readonly #ends: (() => void)[] = [];

  constructor() {
    this.#channel.onmessage = ({ data }) => this.said.push(data.join(" "));
    localStorage.clear();
  }

  /** What they were asked that begins so. */
  saidOf(what: string): string[] {
    return this.said.filter((line) => line.startsWith(what));
  }

  /** @param trust the digest of the page's keys, where it has any */
  rooms(
    { engine = "", keeper = "" }: OwnMethods = {},
    { trust }: { readonly trust: string | undefined } = { trust: WANTED.trust },
  ): OpenRooms {
    const pool = new EnginePool({
      assets: "https://assets.test/",
      shelf: new RuntimeShelf(),
      spawn: () => scriptedWorker(SHIPPED_ENGINE + engine, this.#channel),
    });
    const onDispose = () => undefined;
    const host = new EngineHost({ place: WASM, pool, trust, mayWake: true, onDispose });
    const client = new KeeperClient(() => scriptedWorker(KEEPER + keeper, this.#channel), {
      registry: "",
    });
    this.#ends.push(
      () => host.dispose(),
      () => client.end(new Error("the test is over")),
    );
    return { host, keeper: client };
  }

  end(): void {
    for (const end of this.#ends) end();
    this.#channel.close();
    localStorage.clear();
  }
}

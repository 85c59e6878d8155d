import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, noise } from "../store/pack.fixture.ts";
import { install } from "./install.ts";
import { packContents } from "./pack-contents.ts";
import { FakeRegistry, select } from "./registry.fixture.ts";
import { roomsOf } from "./rooms.fixture.ts";

const { signal } = new AbortController();

let database: Database;
let pack: BuiltPack;
let registry: FakeRegistry;

beforeEach(async () => {
  database = await freshDatabase();
  pack = await buildPack({ tensors: [noise(3000, 1)], dtypes: ["fp32", "q8"] });
  registry = new FakeRegistry([pack]);
  vi.stubGlobal("fetch", registry.fetch);
});

afterEach(() => vi.unstubAllGlobals());

test("what is not stored is told from the registry's documents, and no segment is asked for", async () => {
  const asked = vi.fn(registry.fetch);
  vi.stubGlobal("fetch", asked);
  const told = await packContents(roomsOf(database), select(), { backends: ["webgpu"], signal });
  const { digest, manifest } = pack;
  expect(told).toMatchObject({ digest, name: manifest.name, version: manifest.version });
  expect(told.variants).toMatchObject([
    { dtype: "fp32", engine: "onnx", largestTensorBytes: 3000 },
    { dtype: "q8" },
  ]);
  const addresses = asked.mock.calls.map(([address]) => String(address));
  expect(addresses.filter((address) => address.includes("segments"))).toEqual([]);
});

test("what is stored for one of the backends is told without a network", async () => {
  const how = { signal, onProgress: () => undefined };
  await install(roomsOf(database), select({ backend: "wasm" }), how);
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("offline")));
  const backends = ["webgpu", "wasm"] as const;
  const told = await packContents(roomsOf(database), select(), { backends, signal });
  expect(told.digest).toBe(pack.digest);
  await expect(
    packContents(roomsOf(database), select(), { backends: ["webgpu"], signal }),
  ).rejects.toMatchObject({ code: "network" });
});

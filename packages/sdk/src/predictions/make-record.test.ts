import { afterEach, expect, test, vi } from "vitest";
import type { EngineHost } from "../serving/engine-host.ts";
import type { Served } from "../serving/served.ts";
import { answeredCall, servedWith } from "./answered-call.fixture.ts";
import { makeRecord } from "./make-record.ts";

afterEach(() => vi.unstubAllGlobals());

/** What a record says of the adapter, where the browser offers this one. */
async function adapterOf(offered: object | null, backend: "wasm" | "webgpu" = "webgpu") {
  const requestAdapter = vi.fn(async () => offered);
  vi.stubGlobal("navigator", { gpu: { requestAdapter }, userAgent: "X11" });
  const place: EngineHost["place"] = { backend, build: "jspi", layout: "NHWC", features: [] };
  const served = { ...servedWith(), host: { place } } as Served;
  const { adapter } = await makeRecord(answeredCall({ served }), {});
  return { adapter, asked: requestAdapter.mock.calls.length };
}

test.each([
  [
    "its vendor and architecture, and nothing finer",
    { info: { vendor: "nvidia", architecture: "ampere", device: "0x2204", description: "RTX" } },
    "nvidia ampere",
  ],
  ["what of the two is known", { info: { vendor: "apple" } }, "apple"],
  ["that it is software", { isFallbackAdapter: true, info: { vendor: "google" } }, "software"],
  ["that the browser does not say", { info: { description: "RTX 3090" } }, "unknown"],
  ["that it is gone", null, "none"],
])("a record of a call on a GPU says of it %s", async (_, offered, adapter) => {
  expect(await adapterOf(offered)).toEqual({ adapter, asked: 1 });
});

test("of a call on WASM nobody asks for a GPU", async () => {
  const offered = { info: { vendor: "nvidia" } };
  expect(await adapterOf(offered, "wasm")).toEqual({ adapter: "none", asked: 0 });
});

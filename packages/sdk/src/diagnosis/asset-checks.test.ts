import { afterEach, expect, test, vi } from "vitest";
import {
  RUNTIME_BUILDS,
  RUNTIME_FILES,
  RUNTIME_INDEX,
  TFJS_BUILD,
} from "../engine/runtime-files.ts";
import { checkAssets } from "./asset-checks.ts";

afterEach(() => vi.unstubAllGlobals());

const ASSETS = "https://shop.example/selvedge/";

type Host = (file: string, init: RequestInit) => Response;

/** Answers as a host does, and tells what it was asked. */
function serve(host: Host) {
  const fetch = vi.fn(async (url: string, init: RequestInit) =>
    host(url.slice(ASSETS.length), init),
  );
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

function typed(file: string): Response {
  const type = file.endsWith(".wasm") ? "application/wasm" : "text/javascript; charset=utf-8";
  return new Response(null, { headers: { "content-type": type } });
}

async function stateOf(file: string) {
  const checks = await checkAssets(ASSETS);
  return checks.find((check) => check.file.endsWith(`/${file}`));
}

const { wasm, glue } = RUNTIME_BUILDS.wasm;

test("every file is asked for by its headers alone, and says what needs it", async () => {
  const fetch = serve(typed);
  const checks = await checkAssets(ASSETS);
  expect(checks).toHaveLength(RUNTIME_FILES.length + 1);
  expect(checks.filter(({ state }) => state !== "served")).toEqual([]);
  expect(new Set(fetch.mock.calls.map(([, { method }]) => method))).toEqual(new Set(["HEAD"]));
  expect(checks.find(({ file }) => file.endsWith(wasm))?.neededFor).toEqual(["wasm"]);
  expect(checks.find(({ file }) => file.endsWith(TFJS_BUILD.api))?.neededFor).toEqual(["tfjs"]);
  const shim = checks.find(({ file }) => file.endsWith("glue-shim.js"));
  expect(shim?.neededFor).toEqual(Object.keys(RUNTIME_BUILDS));
  const index = checks.find(({ file }) => file.endsWith(RUNTIME_INDEX));
  expect(index?.neededFor).toEqual(["waking"]);
});

test("the index may be of any type, but no page in its place", async () => {
  serve(() => new Response(null));
  expect(await stateOf(RUNTIME_INDEX)).toMatchObject({ state: "served" });
  serve(() => new Response(null, { headers: { "content-type": "text/html" } }));
  expect(await stateOf(RUNTIME_INDEX)).toMatchObject({ state: "wrong" });
});

test("wasm of another type than application/wasm is wrong: it cannot be compiled as it arrives", async () => {
  serve((file) =>
    file.endsWith(".wasm")
      ? new Response(null, { headers: { "content-type": "application/octet-stream" } })
      : typed(file),
  );
  expect(await stateOf(wasm)).toMatchObject({
    state: "wrong",
    reason: "it is served as application/octet-stream, and has to be as application/wasm",
  });
  expect(await stateOf(glue)).toMatchObject({ state: "served" });
});

test("modules without a type, a page in a file's place, and a 404 are wrong", async () => {
  serve((file) => (file.endsWith("mjs") ? new Response(null) : typed(file)));
  expect(await stateOf(glue)).toMatchObject({
    state: "wrong",
    reason: expect.stringContaining("without a content type"),
  });
  serve(() => new Response(null, { headers: { "content-type": "text/html" } }));
  expect(await stateOf(wasm)).toMatchObject({
    state: "wrong",
    reason: expect.stringContaining("a web page"),
  });
  serve(() => new Response(null, { status: 404 }));
  expect(await stateOf(wasm)).toMatchObject({ state: "wrong", reason: "the host answers 404" });
});

test("a host that does not know HEAD is asked for the file, which is not read", async () => {
  const cancelled: string[] = [];
  serve((file, { method }) => {
    if (method === "HEAD") return new Response(null, { status: 405 });
    const body = new ReadableStream({ cancel: () => void cancelled.push(file) });
    return new Response(body, typed(file));
  });
  expect(await stateOf(wasm)).toMatchObject({ state: "served" });
  expect(cancelled).toHaveLength(RUNTIME_FILES.length + 1);
});

test("a host that cannot be asked is told apart from a file that a service worker keeps", async () => {
  serve(() => {
    throw new TypeError("Failed to fetch");
  });
  vi.stubGlobal("caches", {
    match: async (url: string) => (url.endsWith(wasm) ? new Response() : undefined),
  });
  expect(await stateOf(wasm)).toMatchObject({ state: "kept" });
  expect(await stateOf(glue)).toMatchObject({
    state: "unreachable",
    reason: "the host could not be asked (Failed to fetch)",
  });
});

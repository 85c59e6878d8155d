import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { createSelvedge, type Selvedge } from "../selvedge.ts";
import { collectorDouble } from "../telemetry/collector.fixture.ts";
import { ENGINE_METHODS, scriptedWorker } from "../worker/scripted-worker.fixture.ts";

const VARIANTS = [
  {
    ...{ dtype: "fp32", backends: ["wasm", "webgpu"], requires: [], engine: "onnx" },
    ...{ memoryBytes: 1, bytes: 1, largestTensorBytes: 1 },
  },
];

/** Its GPU answers `1`, and is lost with any other input; WASM does whatever `wasm` says. */
const engineWith = (wasm: string) => `${ENGINE_METHODS}
  open(_session, request, { backend, layout = "" }) {
    globalThis.backend = backend;
    tell("open " + [backend, layout].join(" ").trim());
    if (backend === "wasm") { ${wasm} }
    const { value } = ({ ${ENGINE_METHODS} }).open();
    return { ok: true, value: { ...value, dtype: "fp32", variants: ${JSON.stringify(VARIANTS)} } };
  },
  run(session, { x }) {
    globalThis.isOpen = true;
    if (backend === "wasm" || x.data[0] === 1) return ({ ${ENGINE_METHODS} }).run(session, { x });
    return { ok: false, error: { name: "SelvedgeError", code: "device-lost", message: "the GPU is gone" } };
  },
`;

const KEEPER = `
  start: () => undefined,
  cancel: () => undefined,
  hold: () => ({ ok: true }),
  standing: () => ({ ok: true }),
  findUpdate: () => ({ ok: true }),
  verdicts: () => ({ ok: true, value: [] }),
  judge: (_call, [, candidate], record) => {
    if (record === undefined) tell("doubt " + candidate);
    return { ok: true };
  },
  contents: () => ({ ok: true, value: { digest: "d".repeat(64), name: "tiny", version: "1.0.0", variants: ${JSON.stringify(VARIANTS)} } }),
`;

let selvedge: Selvedge;
/** How often each backend has been opened, and what the keeper was told. */
let news: string[];
let channel: BroadcastChannel;

beforeEach(() => {
  news = [];
  collectorDouble(({ request }) => {
    const text = JSON.stringify(request);
    if (text.includes("device-lost")) news.push("told of device-lost");
    if (text.includes("selvedge.predict.duration")) news.push("told of predictions");
    return new Response("{}");
  });
  channel = new BroadcastChannel(crypto.randomUUID());
  channel.onmessage = ({ data }) => news.push(data);
  vi.stubGlobal("navigator", {
    gpu: { requestAdapter: async () => ({ info: { vendor: "acme" } }) },
    userAgent: "test",
  });
});

afterEach(async () => {
  channel.close();
  await selvedge.close();
  vi.unstubAllGlobals();
});

function open(wasm = ""): void {
  selvedge = createSelvedge({
    registry: "/models",
    telemetry: { endpoint: "/v1" },
    workers: {
      engine: () => scriptedWorker(engineWith(wasm), channel),
      keeper: () => scriptedWorker(KEEPER, channel),
    },
  });
}

const x = (value: number) =>
  ({ x: { type: "float32", data: Float32Array.of(value), dims: [1] } }) as const;

test("a model whose GPU is lost goes on in the next place, says so, and doubts what it knew", async () => {
  open();
  const model = await selvedge.load("tiny", { backend: ["webgpu", "wasm"] });
  expect(model.info.backend).toBe("webgpu");
  const answers = await Promise.all([1, 2, 3].map((value) => model.predict(x(value))));
  expect(answers.map(({ outputs }) => outputs["y"]?.data[0])).toEqual([1, 2, 3]);
  const standings = model.info.candidates.map(({ backend, state }) => `${backend} ${state}`);
  expect(model.info.backend).toBe("wasm");
  expect(standings).toContain("wasm serving");
  expect(standings.filter((standing) => standing.startsWith("webgpu"))).not.toContain(
    "webgpu serving",
  );
  await eventually(() => expect(news.join()).toContain("doubt webgpu"));
  await selvedge.telemetry.flush();
  await eventually(() => expect(news).toContain("told of device-lost"));
});

test("a model that no other place opens for fails that call alone, and says what went wrong", async () => {
  open(
    `return { ok: false, error: { name: "SelvedgeError", code: "session-failed", message: "no" } };`,
  );
  const model = await selvedge.load("tiny", { backend: ["webgpu", "wasm"] });
  const [right, wrong, after] = await Promise.allSettled(
    [1, 2, 1].map((value) => model.predict(x(value))),
  );
  expect([right?.status, after?.status]).toEqual(["fulfilled", "fulfilled"]);
  expect(wrong).toMatchObject({ status: "rejected", reason: { code: "device-lost" } });
  expect(model.info.backend).toBe("webgpu");
});

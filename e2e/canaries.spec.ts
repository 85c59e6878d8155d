import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { pack, promote } from "@selvedge/packer";
import {
  ATTRIBUTES,
  DELTA,
  METRICS,
  PREDICTION_EVENT,
  toOtlpAttributes,
  toUnixNano,
} from "@selvedge/protocol";
import {
  DataType,
  encode,
  graph,
  model,
  node,
  value,
} from "../packages/packer/src/onnx/onnx-model.fixture.ts";
import { digestCanary, findCanaries, numbersCanary, textCanary } from "./fixtures/find-canaries.ts";
import { test as withRegistry } from "./fixtures/own-registry.ts";
import { type RecordingProxy, startRecordingProxy } from "./fixtures/recording-proxy.ts";
import { expect } from "./fixtures/test.ts";

/** Tests whose page reaches its site only by way of what records every byte. */
const test = withRegistry.extend<{ wire: RecordingProxy; scratch: string }>({
  wire: async ({ site, registry }, use) => {
    await publishEcho(registry);
    const proxy = await startRecordingProxy(site.url);
    await use(proxy);
    await proxy.close();
  },
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
  scratch: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "selvedge-e2e-canaries-"));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },
});

/**
 * A model that answers with what it is given, so that what is planted in its inputs is in its outputs too;
 * with a reference, so that where values of its features lie is told.
 */
async function publishEcho(registry: string): Promise<void> {
  const image = [1, 3, 8, 8];
  const echo = graph({
    input: [
      value("text", [2], DataType.STRING),
      value("image", image),
      value("photo", [1, 8, 8, 3], DataType.UINT8),
    ],
    output: [
      value("echo", [2], DataType.STRING),
      value("pixels", image),
      value("bytes", [1, 8, 8, 3], DataType.UINT8),
      value("scores", [1, 3]),
      value("brightest", [1, 1, 1, 1]),
    ],
    node: [
      node("Identity", ["text"], ["echo"]),
      node("Identity", ["image"], ["pixels"]),
      node("Identity", ["photo"], ["bytes"]),
      node("GlobalMaxPool", ["image"], ["channels"]),
      node("Flatten", ["channels"], ["scores"]),
      node("ReduceMax", ["channels"], ["brightest"]),
    ],
  });
  const file = join(registry, "echo.onnx");
  await writeFile(file, encode(model(echo)));
  const reference = join(registry, "reference.json");
  await writeFile(reference, JSON.stringify({ cases: Array.from({ length: 20 }, example) }));
  const place = { name: "echo", version: "1.0.0", registry };
  await pack({ ...place, model: file, reference });
  await promote({ ...place, channel: "stable" });
}

/** One of the examples that the reference is taken from. */
function example(_: unknown, index: number) {
  const noise = (scale: number) =>
    Array.from({ length: 192 }, (_, i) => Math.abs(Math.sin(i * 3.7 + index * 11.3)) * scale);
  return {
    inputs: {
      text: { type: "string", dims: [2], data: ["a word", "and".repeat(index)] },
      image: { type: "float32", dims: [1, 3, 8, 8], data: noise(1) },
      photo: { type: "uint8", dims: [1, 8, 8, 3], data: noise(255).map(Math.floor) },
    },
  };
}

const TEXTS = ["Jane Doe, née Ångström, IBAN DE02120300000000202051", "canary-4d2f9c71-text"];
const LABEL = "canary-83b6e0aa-label";
const pixels = Float32Array.from(
  { length: 192 },
  (_, i) => Math.abs(Math.sin(i * 78.233)) * 0.9817,
);
const photo = Uint8Array.from({ length: 192 }, (_, i) => (i * 167 + 89) % 256);
const brightest = Float32Array.of(Math.max(...pixels));

const CANARIES = [
  ...TEXTS.map((text, i) => textCanary(`text ${i}`, text)),
  textCanary("label", LABEL),
  ...Array.from({ length: 24 }, (_, i) => 8 * i).flatMap((at) => [
    numbersCanary(`pixels from ${at}`, pixels.subarray(at, at + 8)),
    numbersCanary(`photo from ${at}`, photo.subarray(at, at + 8)),
  ]),
  textCanary("brightest pixel", String(brightest[0])),
  digestCanary("digest of the image", new Uint8Array(pixels.buffer)),
  digestCanary("digest of the photo", photo),
  digestCanary("digest of the text", Buffer.from(JSON.stringify(TEXTS))),
  digestCanary("digest of the brightest", new Uint8Array(brightest.buffer)),
];

/** Everything that a request says. */
function foundIn({ requests }: RecordingProxy): string[] {
  return requests.flatMap(({ url, headers, body }) =>
    findCanaries(CANARIES, Buffer.concat([Buffer.from([url, ...headers].join("\n")), body])),
  );
}

/** What is in the collector's files as they are, and in its tables, which may be compressed in them. */
async function foundInFiles(dataDir: string, scratch: string): Promise<string[]> {
  const found: string[] = [];
  const copy = await mkdtemp(join(scratch, "copy-"));
  await cp(dataDir, copy, { recursive: true });
  const entries = await readdir(copy, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(0);
  for (const { parentPath, name } of files)
    found.push(...findCanaries(CANARIES, await readFile(join(parentPath, name))));
  for (const { parentPath, name } of files.filter((entry) => entry.name.endsWith(".duckdb")))
    found.push(...findCanaries(CANARIES, await tablesOf(join(parentPath, name))));
  return [...new Set(found)];
}

async function tablesOf(file: string): Promise<Buffer> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  const tables = await connection.runAndReadAll("SELECT table_name FROM duckdb_tables()");
  const rows: unknown[] = [];
  for (const [table] of tables.getRows()) {
    const read = await connection.runAndReadAll(`SELECT * FROM "${table}"`);
    rows.push(...read.getRowsJson());
  }
  connection.closeSync();
  instance.closeSync();
  return Buffer.from(JSON.stringify(rows));
}

test("nothing of what goes in and comes out of a model is in any request, or in the collector's files", async ({
  page,
  context,
  wire,
  dataDir,
  scratch,
}) => {
  const elsewhere: string[] = [];
  context.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(`${wire.url}/`))
      elsewhere.push(request.url());
  });
  await page.goto(`${wire.url}/bare/`);
  await page.locator("body[data-ready]").waitFor({ state: "attached" });
  const facts = await page.evaluate(
    async ({ texts, label, pixels, photo }) => {
      const telemetry = { endpoint: "/v1", service: "e2e", traces: { sample: 1 } };
      const predictions = { sample: 1 };
      const selvedge = selvedgeModule.createSelvedge({
        registry: "/models",
        telemetry,
        predictions,
      });
      const model = await selvedge.load("echo");
      const inputs = () =>
        ({
          text: { type: "string", data: texts, dims: [2] },
          image: { type: "float32", data: Float32Array.from(pixels), dims: [1, 3, 8, 8] },
          photo: { type: "uint8", data: Uint8Array.from(photo), dims: [1, 8, 8, 3] },
        }) as const;
      const plain = await model.predict(inputs());
      const captured = await model.predict(inputs(), { capture: true });
      const handedOver = await model.predict(inputs(), { transfer: true });
      const echoed = captured.outputs["echo"]?.data;
      const brightest = captured.outputs["brightest"]?.data[0];
      await model.feedback(plain.id, { label });
      await model.feedback(captured.id, { value: 0 });
      await model.feedback(handedOver.id, { label: String(brightest) });
      // What fails is told of too, and its message names what it was given.
      const refused = [
        model.predict({ ...inputs(), [label]: inputs().text }),
        model.predict({ ...inputs(), image: { ...inputs().image, dims: pixels } }),
      ];
      for (const one of refused) await one.catch(() => undefined);
      const file = await (await selvedge.exportPrediction(captured.id)).text();
      await selvedge.telemetry.flush();
      await model.predict(inputs(), { capture: true });
      return { echoed, brightest, isInFile: file.includes(texts[1] ?? "") };
    },
    { texts: TEXTS, label: LABEL, pixels: [...pixels], photo: [...photo] },
  );
  // What was planted did go through the model, and into the file that the app asked for.
  expect(facts).toEqual({ echoed: TEXTS, brightest: brightest[0], isInFile: true });
  await page.goto("about:blank");
  const sentTo = (path: string) => wire.requests.filter(({ url }) => url === path).length;
  await expect.poll(() => sentTo("/v1/logs")).toBeGreaterThan(0);
  await expect.poll(() => sentTo("/v1/metrics")).toBeGreaterThan(0);
  await expect.poll(() => sentTo("/v1/traces")).toBeGreaterThan(0);
  const told = Buffer.concat(wire.requests.map(({ body }) => body)).toString();
  expect(told).toContain(METRICS.feedback);
  expect(told).toContain(METRICS.feedbackError);
  expect(told).toContain(METRICS.distribution);
  expect(told).toContain(PREDICTION_EVENT);
  // Spans too, of what failed as well: OTLP's code for that is 2.
  for (const said of ["selvedge.predict", '"code":2']) expect(told).toContain(said);
  expect(elsewhere).toEqual([]);
  expect(foundIn(wire)).toEqual([]);
  expect(await foundInFiles(dataDir, scratch)).toEqual([]);

  // The control: what is planted where it would be told is found, in requests and in files.
  const [text = ""] = TEXTS;
  const planted = { [ATTRIBUTES.model]: text, [ATTRIBUTES.version]: LABEL };
  const time = toUnixNano(Date.now());
  const point = { attributes: toOtlpAttributes(planted), timeUnixNano: time, asInt: "1" };
  const sum = { aggregationTemporality: DELTA, isMonotonic: true, dataPoints: [point] };
  const metrics = [{ name: METRICS.failures, sum }];
  const data = { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
  const answer = await page.request.post(`${wire.url}/v1/metrics`, { data });
  expect(answer.status()).toBe(200);
  expect(foundIn(wire)).toEqual(["text 0", "label"]);
  expect(await foundInFiles(dataDir, scratch)).toEqual(["text 0", "label"]);
});

test("a canary is found in whatever way it is written down", () => {
  const bytes = Buffer.from(pixels.buffer);
  const ways = [
    bytes,
    Buffer.from(`..${bytes.toString("base64")}`),
    Buffer.from(Buffer.concat([Buffer.from("?"), bytes]).toString("base64url")),
    Buffer.from(bytes.toString("hex").toUpperCase()),
    Buffer.from(JSON.stringify([...pixels])),
    Buffer.from(`{"sum": ${pixels[0] ?? 0}, "max": ${pixels[3] ?? 0}}`),
  ];
  for (const way of ways) expect(findCanaries(CANARIES, way)).toContain("pixels from 0");
  const [text = ""] = TEXTS;
  for (const way of [text, encodeURIComponent(text), btoa(unescape(encodeURIComponent(text)))])
    expect(findCanaries(CANARIES, Buffer.from(way))).toEqual(["text 0"]);
  expect(findCanaries(CANARIES, Buffer.from("nothing of the kind"))).toEqual([]);
});

import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { TensorProto_DataType as DataType, ModelProtoSchema } from "onnx-buf";
import { beforeEach, describe, expect, it } from "vitest";
import { runCli } from "./run-cli.ts";

/** `y = x + w`, both of 512 floats, or `y = x · w` where they have two dimensions. */
function smallModel(fill: number, dims = [512n]): Uint8Array {
  const dim = dims.map((size) => ({ value: { case: "dimValue" as const, value: size } }));
  const shape = { dim };
  const tensor = { elemType: DataType.FLOAT, shape };
  const type = { value: { case: "tensorType" as const, value: tensor } };
  const rawData = new Uint8Array(
    new Float32Array(Number(dims.reduce((a, b) => a * b))).fill(fill).buffer,
  );
  const graph = {
    name: "small",
    input: [{ name: "x", type }],
    output: [{ name: "y", type }],
    initializer: [{ name: "w", dims, dataType: DataType.FLOAT, rawData }],
    node: [{ opType: dims.length === 1 ? "Add" : "MatMul", input: ["x", "w"], output: ["y"] }],
  };
  const model = { irVersion: 8n, opsetImport: [{ version: 13n }], graph };
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, model));
}

describe("runCli", () => {
  let folder: string;
  const registry = () => join(folder, "registry");
  const model = () => join(folder, "model.onnx");
  const packing = () => ["pack", model(), "--name", "m", "--version", "1.0.0"];
  const here = () => ["--registry", registry()];

  async function run(...args: string[]) {
    return await runUntil(new AbortController().signal, ...args);
  }

  async function runUntil(signal: AbortSignal, ...args: string[]) {
    const [out, err]: [string[], string[]] = [[], []];
    const terminal = {
      out: (line: string) => out.push(line),
      err: (line: string) => err.push(line),
      progress: () => {},
    };
    return { status: await runCli(args, terminal, signal), out, err };
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "selvedge-cli-"));
    await writeFile(model(), smallModel(1));
  });

  it("packs, promotes, inspects and verifies", async () => {
    expect(await run(...packing(), ...here())).toMatchObject({ status: 0, err: [] });
    expect(await run("promote", "m@1.0.0", "--channel", "stable", ...here())).toMatchObject({
      status: 0,
      out: ["stable of m now serves 1.0.0 (sequence 1)"],
    });
    const inspected = await run("inspect", "m", ...here());
    const lines = inspected.out.map((line) => line.trim().replace(/ +/g, " "));
    expect(lines).toContain("channels stable");
    expect(lines).toContain("input x: float32[512]");
    expect(await run("verify", "m", ...here())).toMatchObject({ status: 0, err: [] });
  });

  it("records and shows where a model came from", async () => {
    const commit = "0123456789abcdef0123456789abcdef01234567";
    await run(...packing(), ...here());
    await writeFile(model(), smallModel(2));
    const next = ["pack", model(), "--name", "m", "--version", "2.0.0", "--parent", "1.0.0"];
    const told = ["--commit", commit, "--dataset", model(), "--dataset", model()];
    expect(await run(...next, ...told, ...here())).toMatchObject({ status: 0, err: [] });
    const { out } = await run("inspect", "m@2.0.0", ...here());
    expect(out).toContain(`  commit       ${commit}`);
    expect(out).toContain("  made from    1.0.0");
    expect(out.filter((line) => line.startsWith("  trained on   "))).toHaveLength(1);
  });

  it("tests a model before it is packed, and shows what came of it", async () => {
    const inputs = { x: { type: "float32", dims: [512], data: new Array(512).fill(1) } };
    const expecting = async (value: number) => {
      const outputs = { y: { type: "float32", dims: [512], data: new Array(512).fill(value) } };
      await writeFile(join(folder, "cases.json"), JSON.stringify({ cases: [{ inputs, outputs }] }));
    };
    const tests = ["--eval", join(folder, "cases.json"), "--metric", "mae", "--max", "0.5"];
    await expecting(3);
    const refused = await run(...packing(), ...tests, ...here());
    expect(refused).toMatchObject({ status: 1, out: [], err: [expect.any(String)] });
    expect(refused.err[0]).toMatch(
      /^selvedge: .*mae of fp32 is 1 over 1 case, and has to be 0\.5 at most/,
    );
    await expecting(2.25);
    const packed = await run(...packing(), ...tests, ...here(), "--json");
    expect(JSON.parse(packed.out.join())).toMatchObject({
      tests: { evaluation: { cases: 1, metrics: [{ metric: "mae", max: 0.5 }] } },
      variants: [{ dtype: "fp32", metrics: { mae: 0.25 } }],
    });
    const { out } = await run("inspect", "m", ...here());
    expect(out.join("\n")).toMatch(
      / {2}variant {6}fp32.*; mae 0\.25\n {2}tested {7}mae at most 0\.5 on 1 case/,
    );
  });

  it.each([
    ["--metric", "f2", "--eval", "x"],
    ["--metric", "mae", "--min", "1", "--eval", "x"],
    ["--metric", "mae"],
    ["--eval", "x"],
  ])("calls %s %s %s %s a misuse", async (...tests) => {
    const { status, err } = await run(...packing(), ...tests, ...here());
    expect([status, err.length]).toEqual([2, 1]);
  });

  it("prints one JSON value and nothing else with --json", async () => {
    for (const args of [
      packing(),
      ["promote", "m@1.0.0", "--channel", "stable"],
      ["inspect", "m"],
      ["verify", "m@1.0.0"],
      ["diff", "m@1.0.0", "m@1.0.0"],
    ]) {
      const { status, out, err } = await run(...args, ...here(), "--json");
      expect([status, out.length, err]).toEqual([0, 1, []]);
      expect(JSON.parse(out[0] ?? "")).toMatchObject({ name: "m" });
    }
  });

  it("says what an update costs, and why", async () => {
    await run(...packing(), ...here());
    await writeFile(model(), smallModel(1.5));
    const second = ["pack", model(), "--name", "m", "--version", "1.1.0", "--base", "1.0.0"];
    expect(await run(...second, ...here())).toMatchObject({ status: 0, err: [] });
    const { status, out } = await run("diff", "m@1.0.0", "m@1.1.0", ...here());
    const lines = out.map((line) => line.trim().replace(/ +/g, " "));
    expect(status).toBe(0);
    expect(lines[0]).toMatch(/^m@1\.0\.0 → 1\.1\.0 in fp32: [\d.]+ KB of [\d.]+ KB \([\d.]+%\)$/);
    expect(lines).toContainEqual(expect.stringMatching(/^tensor w delta \d+ B of 2\.0 KB what /));
  });

  it("says how many scales an update keeps", async () => {
    const dims = [64n, 64n];
    const quantized = ["--dtype", "q8", ...here()];
    await writeFile(model(), smallModel(1, dims));
    await run(...packing(), ...quantized);
    await writeFile(model(), smallModel(1.001, dims));
    const next = ["pack", model(), "--name", "m", "--version", "1.1.0", "--base", "1.0.0"];
    const { status, out } = await run(...next, ...quantized);
    expect(status).toBe(0);
    expect(out).toContain("  q8 keeps 64 of its 64 scales from 1.0.0");
    const again = await run(...next, ...quantized, "--json");
    expect(JSON.parse(again.out[0] ?? "")).toMatchObject({
      outcome: "unchanged",
      scales: [{ dtype: "q8", all: 64, kept: 64 }],
    });
  });

  it("signs with keys of its own making, and verifies with them alone", async () => {
    const keys = join(folder, "keys");
    const key = (name: string) => join(keys, name);
    expect(await run("keygen", "--out", keys)).toMatchObject({ status: 0, err: [] });
    const signing = ["--key", key("pack.key.json")];
    expect((await run(...packing(), ...here(), ...signing)).out).toContain("signature written");
    const promoting = ["promote", "m@1.0.0", "--channel", "stable", ...here()];
    expect((await run(...promoting, "--key", key("channel.key.json"))).status).toBe(0);
    for (const trusted of [
      ["--key", key("pack.pub.json"), "--channel-key", key("channel.pub.json")],
      ["--root", key("root.json")],
    ])
      expect(await run("verify", "m", ...here(), ...trusted)).toMatchObject({ status: 0, err: [] });

    const swapped = ["--key", key("channel.pub.json"), "--channel-key", key("pack.pub.json")];
    expect(await run("verify", "m", ...here(), ...swapped)).toMatchObject({
      status: 1,
      out: [
        expect.stringMatching(/^m@1\.0\.0: m\/1\.0\.0\/manifest\.sig: no valid signature/),
        expect.stringMatching(/^m: m\/channels\.json: no valid signature/),
      ],
      err: [expect.stringContaining("2 problems")],
    });
    expect(await run(...promoting)).toEqual({
      status: 1,
      out: [],
      err: [expect.stringMatching(/^selvedge: m\/channels\.json is signed, and promoting/)],
    });
    expect(await run("keygen", "--out", keys)).toMatchObject({ status: 1, out: [] });
    const { out } = await run("keygen", "--out", keys, "--rotate", "pack", "--json");
    expect(JSON.parse(out[0] ?? "")).toMatchObject({ root: { version: 2 } });
  });

  it("writes types of the models that a registry serves, as they are tested", async () => {
    const named = ["pack", model(), "--name", "typed-model", "--version", "1.0.0"];
    await run(...named, ...here());
    await run("promote", "typed-model@1.0.0", "--channel", "stable", ...here());
    const file = join(folder, "models.ts");
    expect(await run("types", ...here(), "--out", file)).toEqual({
      status: 0,
      out: [`${file} written: typed-model`],
      err: [],
    });
    const fixture = new URL("model-types.fixture.ts", import.meta.url);
    expect(await readFile(file, "utf8")).toBe(await readFile(fixture, "utf8"));
    const { out } = await run("types", ...here(), "--out", file, "--json");
    expect(JSON.parse(out[0] ?? "")).toEqual({
      file,
      outcome: "unchanged",
      models: [{ name: "typed-model", versions: ["1.0.0"] }],
      warnings: [],
    });
    expect(await run("types", ...here(), "--out", join(file, "x"))).toEqual({
      status: 1,
      out: [],
      err: [expect.stringContaining("could not be written")],
    });
  });

  it("exits with 1 and says what is wrong with a damaged pack", async () => {
    const packed = await run(...packing(), ...here(), "--json");
    expect(packed.status).toBe(0);
    const { out } = await run("inspect", "m", ...here(), "--json");
    const [{ sha256 }] = JSON.parse(out[0] ?? "").manifest.segments;
    const segment = join(registry(), `m/segments/${sha256}.bin`);
    const bytes = await readFile(segment);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    await writeFile(segment, bytes);
    const { status, out: found, err } = await run("verify", "m", ...here());
    expect(status).toBe(1);
    expect(found.join("\n")).toContain("Graph of fp32: bytes 0 to");
    expect(err).toEqual([expect.stringContaining("2 problems")]);
  });

  it("exits with 1 and one line where a version is there with other bytes", async () => {
    await run(...packing(), ...here());
    await writeFile(model(), smallModel(2));
    expect(await run(...packing(), ...here())).toEqual({
      status: 1,
      out: [],
      err: [expect.stringMatching(/^selvedge: m@1\.0\.0 is published with other bytes/)],
    });
  });

  it("exits with 1 and one line where there is no registry to serve", async () => {
    const where = join(folder, "nowhere");
    expect(await run("serve", "--registry", where, "--data", folder, "--port", "0")).toEqual({
      status: 1,
      out: [],
      err: [expect.stringMatching(/^selvedge: there is no registry at .*nowhere/)],
    });
  });

  it("exits with 1 and one line that names what is wrong in a config to serve with", async () => {
    const config = join(folder, "selvedge.json");
    await writeFile(config, `{"limits": {"perAdress": null}}`);
    const where = ["--registry", folder, "--data", join(folder, "data"), "--port", "0"];
    expect(await run("serve", ...where, "--config", config)).toEqual({
      status: 1,
      out: [],
      err: [expect.stringMatching(/^selvedge: .*selvedge\.json: limits\.perAdress: .*perAddress/)],
    });
  });

  it.each([
    ["an empty file", ""],
    ["a web page", "<!doctype html>"],
  ])("exits with 1 and one line for %s", async (_, content) => {
    await writeFile(model(), content);
    const { status, out, err } = await run(...packing(), ...here());
    expect([status, out]).toEqual([1, []]);
    expect(err).toEqual([expect.stringMatching(/^selvedge: .*model\.onnx: .*$/)]);
  });

  it.each([
    [[]],
    [["nope"]],
    [["pack"]],
    [["pack", "a.onnx"]],
    [["pack", "a.onnx", "--name", "m", "--version", "1", "--registry", "r", "--dtype", "q3"]],
    [["pack", "a.onnx", "--name", "M!", "--version", "1", "--registry", "r"]],
    [["pack", "a.onnx", "--key", "k"]],
    [["pack", "a.onnx", "--nope", "k"]],
    [["keygen"]],
    [["keygen", "extra", "--out", "o"]],
    [["keygen", "--out", "o", "--rotate", "owner"]],
    [["keygen", "--out", "o", "--rotate", "pack", "--renew"]],
    [["keygen", "--out", "o", "--renew", "--publish", "r"]],
    [["types", "--registry", "r"]],
    [["types", "--out", "f"]],
    [["inspect", "m"]],
    [["verify", "m@", "--registry", "r"]],
    [["diff", "m@1", "--registry", "r"]],
    [["diff", "m@1", "m", "--registry", "r"]],
    [["diff", "m@1", "n@2", "--registry", "r"]],
    [["diff", "m@1", "m@2", "--registry", "r", "--dtype", "fp8"]],
    [["promote", "m", "--channel", "stable", "--registry", "r"]],
    [["promote", "m@1", "--registry", "r"]],
    [["assets"]],
    [["assets", "extra", "--out", "o"]],
    [["assets", "--out", "o", "--fit"]],
    [["assets", "--out", "o", "--registry", "r"]],
    [["assets", "--out", "o", "--fit", "--registry", "r", "--timeout", "soon"]],
    [["serve", "--registry", "r", "--data", "d"]],
    [["serve", "--registry", "r", "--data", "d", "--port", "http"]],
    [["serve", "--registry", "r", "--data", "d", "--port", "70000"]],
    [["serve", "--registry", "r", "--data", "d", "--port", "0", "--mount", "demo"]],
  ])("exits with 2 and one line for %j", async (args) => {
    const { status, out, err } = await run(...args);
    expect([status, out]).toEqual([2, []]);
    expect(err).toEqual([expect.stringMatching(/^selvedge: [^\n]+$/)]);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])("says in one line that %s interrupted it", async (name, status) => {
    const stop = AbortSignal.abort(new DOMException(name, "AbortError"));
    expect(await runUntil(stop, ...packing(), ...here())).toEqual({
      status,
      out: [],
      err: ["selvedge: interrupted. Nothing was changed."],
    });
  });

  it("says which version it is", async () => {
    const { status, out } = await run("--version");
    expect([status, out]).toEqual([0, [expect.stringMatching(/^\d+\.\d+\.\d+$/)]]);
  });

  it("helps with the tool and with every command", async () => {
    const { status, out } = await run("--help");
    expect(status).toBe(0);
    const names = [
      "pack",
      "inspect",
      "diff",
      "verify",
      "promote",
      "keygen",
      "types",
      "assets",
      "serve",
    ];
    for (const name of names) {
      expect(out[0]).toContain(`  ${name} `);
      const help = await run(name, "--help");
      expect([help.status, help.out[0]?.startsWith(`Usage: selvedge ${name} `)]).toEqual([0, true]);
      expect(await run("help", name)).toEqual(help);
    }
  });
});

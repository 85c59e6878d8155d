import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { TensorProto_DataLocation as DataLocation, TensorProtoSchema } from "onnx-buf";
import { beforeEach, describe, expect, it } from "vitest";
import { elementsOf } from "../named-tensor.ts";
import {
  addModel,
  attribute,
  DataType,
  encode,
  floats,
  graph,
  model,
  node,
  temporaryFolder,
  value,
} from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import type { PackOptions } from "../pack-options.ts";
import { contentsOf } from "../registry/files.fixture.ts";
import { noise } from "../runtime/run-model.fixture.ts";
import { verify } from "../verify/verify.ts";
import { openSource } from "./open-source.ts";

const VOCABULARY = 200;

/** Looks words up and drops those that are masked; one kind of token is all that it knows. */
function textEncoder() {
  const tokens = ["batch_size", "sequence_length"];
  const words = create(TensorProtoSchema, {
    name: "words",
    dims: [BigInt(VOCABULARY), 4n],
    dataType: DataType.FLOAT,
    dataLocation: DataLocation.EXTERNAL,
    externalData: [{ key: "location", value: "model.onnx_data" }],
  });
  return model(
    graph({
      input: ["input_ids", "attention_mask", "token_type_ids"].map((name) =>
        value(name, tokens, DataType.INT64),
      ),
      output: [value("last_hidden_state", [...tokens, 4])],
      initializer: [words, floats("types", [1, 4], [1, 2, 3, 4])],
      node: [
        node("Gather", ["words", "input_ids"], ["word"]),
        node("Gather", ["types", "token_type_ids"], ["kind"]),
        node("Add", ["word", "kind"], ["both"]),
        node("Cast", ["attention_mask"], ["weight"], [attribute("to", { type: 2, i: 1n })]),
        node("Unsqueeze", ["weight", "last"], ["column"]),
        node("Mul", ["both", "column"], ["last_hidden_state"]),
      ],
    }),
  );
}

describe("a folder as transformers.js loads it", () => {
  let folder: string;
  let registry: string;

  const write = async (name: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  };
  const packed = (more: Partial<PackOptions> = {}) =>
    pack({ model: folder, name: "m", version: "1.0.0", registry, ...more });

  beforeEach(async () => {
    const outside = await temporaryFolder();
    folder = join(outside, "model");
    registry = join(outside, "registry");
    await write("config.json", JSON.stringify({ vocab_size: VOCABULARY, type_vocab_size: 1 }));
    const encoder = textEncoder();
    const axis = floats("last", [1], []);
    axis.dataType = DataType.INT64;
    axis.rawData = new Uint8Array(BigInt64Array.of(-1n).buffer);
    encoder.graph?.initializer.push(axis);
    await write("onnx/model.onnx", encode(encoder));
    await write("onnx/model.onnx_data", new Uint8Array(noise(VOCABULARY * 4).buffer));
    await write("tokenizer.json", '{"model":{}}');
  });

  it("is packed with its tokenizer, inputs that it understands and its licence, and verifies", async () => {
    await write("vocab.txt", "a\nb\n");
    await write("model.safetensors", "not carried");
    await write("onnx/model_quantized.onnx", "not looked at");
    await write("README.md", "---\nlicense: apache-2.0\ntags: [a]\n---\n# Encoder\n");
    const { manifest, warnings } = await packed();
    expect(warnings).toEqual([]);
    expect(manifest.license).toBe("Apache-2.0");
    expect(manifest.provenance.source.file).toBe("model.onnx");
    expect(manifest.attachments.map(({ name }) => name)).toEqual([
      "config.json",
      "tokenizer.json",
      "vocab.txt",
    ]);
    expect(manifest.golden.cases[0]?.inputs.map(({ dims }) => dims)).toEqual([
      [1, 16],
      [1, 16],
      [1, 16],
    ]);
    expect(manifest.variants[0]?.tensors).toMatchObject([{ name: "words", dims: [VOCABULARY, 4] }]);
    expect((await verify({ name: "m", registry })).problems).toEqual([]);
    expect((await packed()).outcome).toBe("unchanged");
  });

  it("makes ids that the vocabulary has, masks that hide nothing, and shorter texts after longer", async () => {
    const { candidates = [] } = await openSource(folder);
    expect(candidates.map(([ids]) => ids?.dims)).toEqual([16, 8, 4, 2, 1].map((n) => [1, n]));
    const [ids, mask, types] = (candidates[0] ?? []).map((tensor) =>
      Array.from(elementsOf(tensor), Number),
    );
    expect(Math.max(...(ids ?? []))).toBeLessThan(VOCABULARY);
    // As 16 draws below 2, the size without a config, would all but surely not be.
    expect(new Set(ids).size).toBeGreaterThan(2);
    expect(mask).toEqual(Array(16).fill(1));
    expect(types).toEqual(Array(16).fill(0));
  });

  it("makes images of the size that the model was trained on", async () => {
    const pixels = value("pixel_values", ["batch_size", "num_channels", "height", "width"]);
    const flat = model(
      graph({
        input: [pixels],
        output: [value("logits")],
        node: [node("ReduceMean", ["pixel_values"], ["logits"])],
      }),
    );
    await write("onnx/model.onnx", encode(flat));
    await write("config.json", JSON.stringify({ vision_config: { image_size: 32 } }));
    const { manifest } = await packed();
    expect(manifest.golden.cases[0]?.inputs[0]?.dims).toEqual([1, 3, 32, 32]);
  });

  it("feeds earlier tokens beside new ones where a decoder asks for both", async () => {
    const input = [
      value("input_ids", ["batch_size", "sequence_length"], DataType.INT64),
      value("attention_mask", ["batch_size", "past_length + sequence_length"], DataType.INT64),
      value("past_key_values.0.key", ["batch_size", 2, "past_length", 4]),
      value("position_ids", ["batch_size", "sequence_length"], DataType.INT64),
    ];
    const decoder = model(graph({ input, node: [], output: [value("logits")] }));
    await write("onnx/model.onnx", encode(decoder));
    const { candidates = [] } = await openSource(folder);
    expect(candidates[1]?.map(({ dims }) => dims)).toEqual([
      [1, 8],
      [1, 16],
      [1, 2, 8, 4],
      [1, 8],
    ]);
    const positions = candidates[1]?.[3];
    expect(positions && Array.from(elementsOf(positions), Number)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
  });

  it("falls back on the signature where nothing that it would be fed runs", async () => {
    await write("onnx/model.onnx", encode(addModel()));
    const { manifest } = await packed();
    expect(manifest.golden.cases[0]?.inputs[0]?.dims).toEqual([1, 512]);
  });

  it("packs model.onnx among several, says so, and packs another one by name", async () => {
    await write("onnx/text_model.onnx", encode(addModel()));
    expect((await packed()).warnings).toEqual([
      "onnx/model.onnx was packed; onnx/text_model.onnx can be with --file.",
    ]);
    const { manifest } = await packed({ file: "onnx/text_model.onnx", version: "2.0.0" });
    expect(manifest.provenance.source.file).toBe("text_model.onnx");
  });

  it("lists what there is to choose from", async () => {
    const decoders = ["onnx/decoder_model.onnx", "onnx/encoder_model.onnx"];
    for (const name of decoders) await write(name, encode(addModel()));
    await write("onnx/model.onnx", encode(addModel()));
    await expect(packed({ file: "../model.onnx" })).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining(`${decoders.join(", ")}, onnx/model.onnx`),
    });
  });

  it("asks which of several, where none is the main one", async () => {
    folder = join(folder, "several");
    await write("config.json", "{}");
    for (const name of ["decoder_model", "encoder_model", "encoder_model_fp16"])
      await write(`onnx/${name}.onnx`, encode(addModel()));
    await expect(packed()).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining(
        "Choose one of onnx/decoder_model.onnx, onnx/encoder_model.onnx with --file",
      ),
    });
  });

  it("packs what is not in full precision only when told to, and says so", async () => {
    folder = join(folder, "rounded");
    await write("config.json", "{}");
    await write("onnx/model_q4.onnx", encode(addModel()));
    await expect(packed()).rejects.toMatchObject({
      code: "model-unsupported",
      message: expect.stringContaining("only onnx/model_q4.onnx"),
    });
    expect(await contentsOf(registry)).toEqual([]);
    expect((await packed({ file: "onnx/model_q4.onnx" })).warnings).toEqual([
      expect.stringContaining("not in full precision"),
    ]);
  });

  it("takes models that lie beside config.json, as exporters leave them", async () => {
    folder = join(folder, "exported");
    await write("config.json", "{}");
    await write("model.onnx", encode(addModel()));
    expect((await packed()).manifest.attachments).toMatchObject([{ name: "config.json" }]);
  });

  it("carries the caller's file rather than the folder's of the same name", async () => {
    const own = join(folder, "own", "config.json");
    await write("own/config.json", "{}");
    const { manifest } = await packed({ attachments: [own] });
    expect(manifest.attachments.map(({ name, bytes }) => [name, bytes])).toEqual([
      ["tokenizer.json", 12],
      ["config.json", 2],
    ]);
  });

  it("is refused where config.json is no JSON, and where onnx holds no model", async () => {
    await write("config.json", "{");
    await expect(packed()).rejects.toMatchObject({ code: "model-invalid" });
    folder = join(folder, "empty");
    await write("onnx/readme.txt", "");
    await expect(packed()).rejects.toMatchObject({ code: "model-unsupported" });
    expect(await contentsOf(registry)).toEqual([]);
  });

  it("carries nothing from outside, wherever a link leads", async () => {
    await symlink(join(folder, "..", "secret.txt"), join(folder, "vocab.txt"));
    await writeFile(join(folder, "..", "secret.txt"), "secret");
    await expect(packed()).rejects.toMatchObject({
      code: "model-unsupported",
      message: expect.stringContaining('"vocab.txt" leads out of the folder'),
    });
  });
});

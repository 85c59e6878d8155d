import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  addModel,
  bodyAttribute,
  DataType,
  encode,
  filled,
  graph,
  model,
  node,
  temporaryFolder,
  value,
} from "../onnx/onnx-model.fixture.ts";
import { splitModel } from "../onnx/split-model.ts";
import { openSession } from "./onnx-runtime.ts";
import { input } from "./run-model.fixture.ts";
import { withRuntime } from "./with-runtime.ts";

const NOTHING = new Map<string, never>();

describe("openSession", () => {
  it("gives up a model that does not answer in time, and runs the next one in a new thread", async () => {
    await withRuntime({ timeoutMs: 4000 }, async () => {
      const endless = await openSession({ graph: endlessLoop(), weights: NOTHING });
      await expect(endless.run([input([1], [1])])).rejects.toMatchObject({
        code: "golden-failed",
        message: expect.stringContaining("did not answer within 4 s"),
      });
      await endless.close();
      const sum = await openSession({ graph: encode(addModel()), weights: NOTHING });
      expect(await sum.run([input([1, 512], new Float32Array(512))])).toHaveLength(1);
    });
  });

  it("ends a run that is aborted, with the reason", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const running = withRuntime({ signal: stop.signal }, async () => {
      const endless = await openSession({ graph: endlessLoop(), weights: NOTHING });
      const answer = endless.run([input([1], [1])]);
      stop.abort(reason);
      // What callers make of the failure is not what is told.
      await answer.catch((cause: unknown) => {
        throw new Error("the model cannot be packed", { cause });
      });
    });
    await expect(running).rejects.toBe(reason);
  });

  it("shares one thread between the sessions of a runtime, and of runtimes inside it", async () => {
    await withRuntime({}, async () => {
      const sum = await openSession({ graph: encode(addModel()), weights: NOTHING });
      await withRuntime({ timeoutMs: 4000 }, async () => {
        const endless = await openSession({ graph: endlessLoop(), weights: NOTHING });
        await expect(endless.run([input([1], [1])])).rejects.toThrow("4 s");
      });
      await expect(sum.run([input([1, 512], new Float32Array(512))])).rejects.toThrow("4 s");
    });
  });

  it("reads weights from a file as it needs them", async () => {
    const { graph: without, tensors } = await splitModel(addModel(filled("w", 512, 3)));
    const path = join(await temporaryFolder(), "weights.bin");
    const [tensor] = tensors;
    if (tensor === undefined) throw new Error("there is no tensor");
    await writeFile(path, Buffer.concat([Buffer.alloc(7), tensor.bytes]));
    const content = { path, offset: 7, length: tensor.bytes.length };
    const source = { graph: without, weights: new Map([[tensor.sha256, content]]) };
    const session = await openSession(source);
    const [answer] = await session.run([input([1, 512], new Float32Array(512))]);
    await session.close();
    expect(new Float32Array(answer?.bytes.buffer ?? [])).toEqual(new Float32Array(512).fill(3));
    await writeFile(path, "short");
    await expect(openSession(source)).rejects.toThrow(/external/i);
  });

  it("hands over the runtime's own words for what is no model", async () => {
    const nonsense = openSession({ graph: Uint8Array.of(1, 2, 3), weights: NOTHING });
    await expect(nonsense).rejects.toThrow(/protobuf/i);
  });
});

/** A loop that counts on for longer than anyone waits. */
function endlessLoop(): Uint8Array<ArrayBuffer> {
  const scalar = (name: string, type: number, rawData: Uint8Array<ArrayBuffer>) => ({
    ...filled(name, 1, 0),
    dims: [],
    dataType: type,
    rawData,
  });
  const body = graph({
    input: [value("i", [], DataType.INT64), value("go", [], DataType.BOOL), value("before", ["n"])],
    output: [value("again", [], DataType.BOOL), value("after", ["n"])],
    node: [node("Identity", ["go"], ["again"]), node("Sin", ["before"], ["after"])],
  });
  return encode(
    model(
      graph({
        input: [value("x", ["n"])],
        output: [value("y", ["n"])],
        initializer: [
          scalar("times", DataType.INT64, new Uint8Array(BigInt64Array.of(2n ** 60n).buffer)),
          scalar("yes", DataType.BOOL, Uint8Array.of(1)),
        ],
        node: [node("Loop", ["times", "yes", "x"], ["y"], [bodyAttribute("body", body)])],
      }),
    ),
  );
}

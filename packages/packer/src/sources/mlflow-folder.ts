import { basename, join } from "node:path";
import { SelvedgeError } from "@selvedge/protocol";
import type { GraphProto } from "onnx-buf";
import { messageOf } from "../message-of.ts";
import type { NamedTensor } from "../named-tensor.ts";
import { readModel } from "../onnx/read-model.ts";
import { completeSignature, graphInputs } from "./complete-signature.ts";
import { mlflowExample } from "./mlflow-example.ts";
import { readMlflowModel } from "./mlflow-model.ts";
import type { SourceKind } from "./model-source.ts";
import { pathWithin, readTextWithin } from "./read-within.ts";

const MLMODEL_BYTES = 1024 * 1024;

const EXAMPLE_BYTES = 32 * 1024 * 1024;

/** A folder that MLflow has written, its model in the onnx flavour. */
export const mlflowFolder: SourceKind = {
  description: "an MLflow model's folder, with its MLmodel file",
  fits: ({ entries }) => entries?.includes("MLmodel") ?? false,
  open: async ({ path, file }) => {
    if (file !== undefined)
      throw new SelvedgeError(
        "options-invalid",
        `${path}: its MLmodel file says which model to pack. Leave --file out.`,
      );
    const document = join(basename(path), "MLmodel");
    const { data, signature, example } = readMlflowModel(
      await readTextWithin(path, "MLmodel", MLMODEL_BYTES),
      document,
    );
    const model = await readModel(await pathWithin(path, data));
    const { graph } = model.model;
    if (graph === undefined) throw new SelvedgeError("model-invalid", `${data}: holds no graph.`);
    const notes = completeSignature(graph, signature, document);
    const inputs = example === undefined ? undefined : await readExample(path, example, graph);
    if (typeof inputs === "string")
      notes.push(`${example} was not used as golden inputs: ${inputs}.`);
    return {
      engine: "onnx",
      model,
      attachments: [],
      ...(inputs === undefined || typeof inputs === "string" ? {} : { inputs: [inputs] }),
      notes,
    };
  },
};

/** @returns the inputs or, where the example cannot be used, why. */
async function readExample(
  folder: string,
  file: string,
  graph: GraphProto,
): Promise<NamedTensor[] | string> {
  try {
    return mlflowExample(await readTextWithin(folder, file, EXAMPLE_BYTES), graphInputs(graph));
  } catch (error) {
    if (error instanceof SelvedgeError && error.code === "model-unsupported") throw error;
    return messageOf(error);
  }
}

import { SelvedgeError } from "@selvedge/protocol";
import { parseDocument } from "yaml";
import { isRecord } from "../is-record.ts";
import { messageOf } from "../message-of.ts";
import { type MlflowValue, readMlflowValues } from "./mlflow-values.ts";

/** What an `MLmodel` file says, as far as packing is concerned. */
export interface MlflowModel {
  /** The ONNX file, as a path within the folder. */
  readonly data: string;
  readonly signature: {
    readonly inputs: readonly MlflowValue[];
    readonly outputs: readonly MlflowValue[];
  };
  /** The file of the input example, as a path within the folder. */
  readonly example: string | undefined;
}

/**
 * Reads an `MLmodel` file: https://mlflow.org/docs/latest/model#storage-format.
 *
 * @param document what to call it in errors
 * @throws SelvedgeError `model-invalid`, or `model-unsupported` for a model of other flavours than onnx.
 */
export function readMlflowModel(text: string, document: string): MlflowModel {
  const fail = (what: string): never => {
    throw new SelvedgeError(
      "model-invalid",
      `${document}: ${what}. Log the model again with mlflow.onnx.log_model.`,
    );
  };
  const root = parseYaml(text, fail);
  const flavors = own(root, "flavors");
  if (!isRecord(flavors)) return fail("it lists no flavors");
  const onnx = own(flavors, "onnx");
  if (!isRecord(onnx))
    throw new SelvedgeError(
      "model-unsupported",
      `${document}: its flavors are ${Object.keys(flavors).sort().join(", ")}, and only onnx runs in a browser. Convert the model to ONNX, and log it with mlflow.onnx.log_model.`,
    );
  const data = own(onnx, "data");
  if (typeof data !== "string" || data === "") return fail("flavors.onnx.data names no file");
  const signature = own(root, "signature");
  const example = own(root, "saved_input_example_info");
  return {
    data,
    signature: {
      inputs: readMlflowValues(own(signature, "inputs"), "signature.inputs", fail),
      outputs: readMlflowValues(own(signature, "outputs"), "signature.outputs", fail),
    },
    example: fileOf(example),
  };
}

function parseYaml(text: string, fail: (what: string) => never): unknown {
  try {
    // Nothing but what JSON has is made of it. That keys are unique would be checked in quadratic time.
    const yaml = parseDocument(text, {
      schema: "core",
      resolveKnownTags: false,
      uniqueKeys: false,
      logLevel: "silent",
    });
    const [problem] = [...yaml.errors, ...yaml.warnings];
    if (problem === undefined) return yaml.toJS({ maxAliasCount: 100 });
    return fail(`not plain YAML (${problem.message.split("\n", 1)[0]?.replace(/:$/, "")})`);
  } catch (error) {
    if (error instanceof SelvedgeError) throw error;
    return fail(`not plain YAML (${messageOf(error)})`);
  }
}

function fileOf(example: unknown): string | undefined {
  // The second is what older versions wrote for the first, and some flavours write alone.
  for (const key of ["artifact_path", "serving_input_path"]) {
    const path = own(example, key);
    if (typeof path === "string" && path !== "") return path;
  }
  return undefined;
}

function own(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

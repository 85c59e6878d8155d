import { readModel } from "../onnx/read-model.ts";
import type { SourceKind } from "./model-source.ts";

/** A file that is nothing else: it is read as ONNX, whatever it is called. */
export const onnxFile: SourceKind = {
  description: "an ONNX file",
  fits: ({ entries }) => entries === undefined,
  open: async ({ path }) => ({
    engine: "onnx",
    model: await readModel(path),
    attachments: [],
    notes: [],
  }),
};

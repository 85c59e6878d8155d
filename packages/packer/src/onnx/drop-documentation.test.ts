import { create } from "@bufbuild/protobuf";
import { type ModelProto, StringStringEntryProtoSchema } from "onnx-buf";
import { expect, test } from "vitest";
import { dropDocumentation } from "./drop-documentation.ts";
import {
  attribute,
  bodyAttribute,
  encode,
  filled,
  graph,
  model,
  node,
  value,
} from "./onnx-model.fixture.ts";

const NOTE = create(StringStringEntryProtoSchema, { key: "author", value: "someone" });

/** An `If` that, given a text, says it of itself and of everything in it. */
function branching(text?: string): ModelProto {
  const told = text === undefined ? {} : { docString: text, metadataProps: [NOTE] };
  const branch = (name: string) =>
    bodyAttribute(
      name,
      graph({
        ...told,
        output: [Object.assign(value("z"), told)],
        initializer: [Object.assign(filled("c", 4, 1), told)],
        node: [Object.assign(node("Identity", ["c"], ["z"]), told)],
      }),
    );
  const attributes = [branch("then_branch"), branch("else_branch"), attribute("note", told)];
  const onnx = model(
    graph({
      ...told,
      input: [Object.assign(value("yes", []), told)],
      output: [Object.assign(value("y", [4]), told)],
      node: [Object.assign(node("If", ["yes"], ["y"], attributes), told)],
    }),
  );
  if (text === undefined) return onnx;
  const origin = { producerName: text, producerVersion: text, domain: text, modelVersion: 7n };
  return Object.assign(onnx, told, origin);
}

test("a model that tells of itself becomes the one that does not, branches included", () => {
  const silent = branching();
  const told = branching("exported from /home/someone/train.py");
  expect(encode(told)).not.toEqual(encode(silent));
  dropDocumentation(told);
  expect(encode(told)).toEqual(encode(silent));
});

test("what a model computes with is left alone", () => {
  const silent = branching();
  dropDocumentation(silent);
  expect(encode(silent)).toEqual(encode(branching()));
});

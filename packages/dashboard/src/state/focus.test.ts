import type { ModelsAnswer } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { focusOn } from "./focus.ts";
import { viewOf } from "./view.ts";

function model(name: string, versions: Record<string, number>): ModelsAnswer["models"][number] {
  return {
    name,
    versions: Object.entries(versions).map(([version, predictions]) => ({
      version,
      predictions,
      failures: 0,
      dtypes: [],
      backends: [],
      firstSeen: 0,
      lastSeen: 0,
    })),
  };
}

const MODELS: ModelsAnswer = {
  models: [model("quiet", { "9.0.0": 1 }), model("busy", { "1.9.0": 5, unknown: 1, "1.10.0": 90 })],
};

test("a page that needs a model takes the busiest, and its newest version", () => {
  expect(focusOn(viewOf("drift"), MODELS)).toMatchObject({ model: "busy", version: "1.10.0" });
});

test("a comparison is of the newest version with the one before it", () => {
  expect(focusOn(viewOf("compare"), MODELS)).toMatchObject({ a: "1.9.0", b: "1.10.0" });
});

test("one version that was chosen is not compared with itself", () => {
  expect(focusOn(viewOf("compare", { a: "1.10.0" }), MODELS)).toMatchObject({
    a: "1.10.0",
    b: "1.9.0",
  });
  expect(focusOn(viewOf("compare", { b: "1.9.0" }), MODELS)).toMatchObject({
    a: "1.10.0",
    b: "1.9.0",
  });
});

test("a model that is not there is still the one that was asked for", () => {
  expect(focusOn(viewOf("drift", { model: "gone" }), MODELS)).toEqual({
    model: "gone",
    version: undefined,
    a: undefined,
    b: undefined,
  });
});

test("the fleet is about no model", () => {
  expect(focusOn(viewOf("fleet"), MODELS).model).toBeUndefined();
});

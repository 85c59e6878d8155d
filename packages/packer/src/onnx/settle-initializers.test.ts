import { describe, expect, it } from "vitest";
import { bodyAttribute, filled, graph, model, node, value } from "./onnx-model.fixture.ts";
import { settleInitializers } from "./settle-initializers.ts";

function settle(main: ReturnType<typeof graph>, irVersion = 8n) {
  const settled = model(main, { irVersion });
  settleInitializers(settled, main);
  return { main, irVersion: settled.irVersion };
}

const names = (values: readonly { name: string }[]) => values.map(({ name }) => name);

describe("settleInitializers", () => {
  it("takes initializers out of the inputs, where old exporters list them", () => {
    const { main, irVersion } = settle(
      graph({
        input: [value("x", [2]), value("w", [2])],
        output: [value("y", [2])],
        initializer: [filled("w", 2, 1)],
        node: [node("Add", ["x", "w"], ["y"])],
      }),
      3n,
    );
    expect(names(main.input)).toEqual(["x"]);
    expect(names(main.initializer)).toEqual(["w"]);
    expect(irVersion).toBe(4n);
  });

  it("drops what nothing uses, and leaves no input in its place", () => {
    const { main } = settle(
      graph({
        input: [value("x", [2]), value("unused", [2])],
        output: [value("y", [2])],
        initializer: [filled("unused", 2, 1)],
        node: [node("Relu", ["x"], ["y"])],
      }),
    );
    expect(names(main.initializer)).toEqual([]);
    expect(names(main.input)).toEqual(["x"]);
  });

  it("keeps what only a body uses, and what is an output itself", () => {
    const body = graph({
      node: [node("Add", ["x", "outer"], ["r"])],
      initializer: [filled("unused", 2, 1)],
      output: [value("r", [2])],
    });
    const { main } = settle(
      graph({
        input: [value("x", [2])],
        output: [value("y", [2]), value("answer", [2])],
        initializer: [filled("outer", 2, 1), filled("answer", 2, 42)],
        node: [node("If", ["c"], ["y"], [bodyAttribute("then_branch", body)])],
      }),
    );
    expect(names(main.initializer)).toEqual(["outer", "answer"]);
    expect(names(body.initializer)).toEqual([]);
  });

  it("keeps an initializer that is also an input of a body, whose inputs are bound by position", () => {
    const body = graph({
      input: [value("i", []), value("state", [2])],
      initializer: [filled("state", 2, 1)],
      output: [value("i", [])],
    });
    settle(graph({ node: [node("Loop", ["n", ""], ["y"], [bodyAttribute("body", body)])] }));
    expect(names(body.initializer)).toEqual(["state"]);
    expect(names(body.input)).toEqual(["i", "state"]);
  });
});

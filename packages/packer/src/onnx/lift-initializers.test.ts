import { describe, expect, it } from "vitest";
import { liftInitializers } from "./lift-initializers.ts";
import { bodyAttribute, filled, graph, node, value } from "./onnx-model.fixture.ts";

const names = (values: readonly { name: string }[]) => values.map(({ name }) => name);

function branch(...initializer: ReturnType<typeof filled>[]) {
  return graph({
    node: [node("Add", ["x", "w"], ["r"])],
    initializer,
    output: [value("r", [512])],
  });
}

describe("liftInitializers", () => {
  it("gives equally named weights of two branches names of their own in the main graph", () => {
    const [then, other] = [branch(filled("w", 512, 1)), branch(filled("w", 512, 2))];
    const main = graph({
      node: [
        node(
          "If",
          ["c"],
          ["y"],
          [bodyAttribute("then_branch", then), bodyAttribute("else_branch", other)],
        ),
      ],
    });
    liftInitializers(main);
    expect(names(main.initializer)).toEqual(["y.then_branch/w", "y.else_branch/w"]);
    expect(then.node[0]?.input).toEqual(["x", "y.then_branch/w"]);
    expect(other.node[0]?.input).toEqual(["x", "y.else_branch/w"]);
    expect([...then.initializer, ...other.initializer]).toEqual([]);
  });

  it("does not take a name that something else has", () => {
    const main = graph({
      initializer: [filled("y.then_branch/w", 2, 1)],
      node: [node("If", ["c"], ["y"], [bodyAttribute("then_branch", branch(filled("w", 512, 1)))])],
    });
    liftInitializers(main);
    expect(names(main.initializer)).toEqual(["y.then_branch/w", "y.then_branch/w_2"]);
  });

  it("renames uses in deeper bodies, except where they define the name anew", () => {
    const inner = branch();
    const shadowing = branch(filled("w", 2, 3));
    const outer = branch(filled("w", 512, 1));
    outer.node.push(
      node("If", ["c"], ["a"], [bodyAttribute("then_branch", inner)]),
      node("If", ["c"], ["b"], [bodyAttribute("then_branch", shadowing)]),
    );
    const main = graph({ node: [node("If", ["c"], ["y"], [bodyAttribute("then_branch", outer)])] });
    liftInitializers(main);
    expect(inner.node[0]?.input).toEqual(["x", "y.then_branch/w"]);
    expect(shadowing.node[0]?.input).toEqual(["x", "w"]);
  });

  it("leaves small ones, and ones that the body returns, where they are", () => {
    const body = graph({
      initializer: [filled("r", 512, 1), filled("small", 2, 1)],
      output: [value("r", [512])],
    });
    const main = graph({ node: [node("If", ["c"], ["y"], [bodyAttribute("then_branch", body)])] });
    liftInitializers(main);
    expect(names(main.initializer)).toEqual([]);
    expect(names(body.initializer)).toEqual(["r", "small"]);
  });
});

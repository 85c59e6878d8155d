import { COMPARISONS } from "./comparison.ts";
import type { FieldScope } from "./field-scope.ts";
import type { OnnxBuilder } from "./onnx-builder.ts";
import type { PmmlElement } from "./pmml-element.ts";
import { areOpposites, columnsOf, indicator, type Predicate, predicateOf } from "./predicate.ts";
import type { Test, TreeEnsemble } from "./tree-ensemble.ts";

/** What a tree needs to become part of an ensemble. */
export interface TreeParts {
  readonly builder: OnnxBuilder;
  readonly scope: FieldScope;
  readonly ensemble: TreeEnsemble;
  /** How many numbers a leaf holds. */
  readonly targets: number;
  /** The numbers that a node answers with. */
  answerOf(node: PmmlElement): readonly number[];
}

interface TreeNode {
  readonly element: PmmlElement;
  readonly predicate: Predicate;
  readonly children: readonly TreeNode[];
}

/**
 * Adds a `TreeModel` to an ensemble.
 *
 * @returns the columns without which the tree has no answer
 */
export function addTree(model: PmmlElement, parts: TreeParts): string[] {
  const tree = new TreeWriter(model, parts);
  const root = tree.read(model.requiredChild("Node"));
  parts.ensemble.begin();
  tree.write(root);
  return tree.needed;
}

class TreeWriter {
  readonly #parts: TreeParts;
  readonly #hasDefaults: boolean;
  readonly #returnsLast: boolean;
  readonly #needed = new Set<string>();
  readonly #indicators = new Map<Predicate, string>();

  constructor(model: PmmlElement, parts: TreeParts) {
    this.#parts = parts;
    this.#hasDefaults = model.attribute("missingValueStrategy") === "defaultChild";
    this.#returnsLast = model.attribute("noTrueChildStrategy") === "returnLastPrediction";
  }

  get needed(): string[] {
    return [...this.#needed];
  }

  read(element: PmmlElement): TreeNode {
    for (const name of ["Regression", "DecisionTree"])
      if (element.child(name) !== undefined)
        element.refuse(`it holds a model of its own (${name})`);
    const predicate = predicateOf(element, this.#parts.scope);
    const children = element.children("Node").map((child) => this.read(child));
    if (!this.#hasDefaults) for (const { value } of columnsOf(predicate)) this.#needed.add(value);
    return { element, predicate, children };
  }

  /** The root is a child like any other: of nothing, which answers nothing. */
  write(root: TreeNode): number {
    return this.#chain([root], 0, undefined);
  }

  #node(node: TreeNode): number {
    return node.children.length === 0
      ? this.#parts.ensemble.leaf(this.#parts.answerOf(node.element))
      : this.#chain(node.children, 0, node.element);
  }

  /** Children are asked one after the other; the first that says yes is gone to. */
  #chain(children: readonly TreeNode[], at: number, parent: PmmlElement | undefined): number {
    const child = children[at];
    if (child === undefined) return this.#noTrueChild(parent);
    const { predicate } = child;
    if (predicate.kind === "true") return this.#node(child);
    if (predicate.kind === "false") return this.#chain(children, at + 1, parent);
    const favourite = this.#defaultChild(children, parent);
    const before = children[at - 1]?.predicate;
    // Where a missing value leads nowhere, the second of two opposites has to be asked, too.
    const mayMiss = this.#hasDefaults && favourite === undefined;
    if (before !== undefined && at === 1 && areOpposites(before, predicate) && !mayMiss)
      return this.#node(child);
    return this.#parts.ensemble.branch(
      this.#test(predicate, child === favourite),
      () => this.#node(child),
      () => this.#chain(children, at + 1, parent),
    );
  }

  #test(predicate: Predicate, isTrueOfMissing: boolean): Test {
    if (predicate.kind === "comparison") {
      const { column, operator, value } = predicate;
      const { mode } = COMPARISONS[operator];
      return { column: column.value, mode, value, isTrueOfMissing };
    }
    const column = this.#indicators.get(predicate) ?? indicator(this.#parts.builder, predicate);
    this.#indicators.set(predicate, column);
    return { column, mode: "BRANCH_GT", value: 0.5, isTrueOfMissing };
  }

  #defaultChild(
    children: readonly TreeNode[],
    parent: PmmlElement | undefined,
  ): TreeNode | undefined {
    const id = this.#hasDefaults ? parent?.attribute("defaultChild") : undefined;
    if (parent === undefined || id === undefined) return undefined;
    const favourite = children.find(({ element }) => element.attribute("id") === id);
    if (favourite === undefined) return parent.fail(`it has no child "${id}"`);
    const asked = children.filter(({ predicate }) => predicate.kind !== "true");
    const columns = asked.flatMap(({ predicate }) =>
      columnsOf(predicate).map(({ value }) => value),
    );
    if (new Set(columns).size > 1 || asked.some(({ predicate }) => predicate.kind === "compound"))
      parent.refuse("its default child depends on several fields");
    return favourite;
  }

  #noTrueChild(parent: PmmlElement | undefined): number {
    const { ensemble, targets, answerOf } = this.#parts;
    return parent !== undefined && this.#returnsLast
      ? ensemble.leaf(answerOf(parent))
      : ensemble.leaf(Array(targets).fill(Number.NaN));
  }
}

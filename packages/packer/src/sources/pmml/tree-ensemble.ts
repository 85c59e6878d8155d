import {
  floatsAttribute,
  integerAttribute,
  integersAttribute,
  stringsAttribute,
} from "../../onnx/onnx-node.ts";
import { ML_DOMAIN, type OnnxBuilder } from "./onnx-builder.ts";

/** What a node of a tree asks, of the rows that come to it. */
export interface Test {
  /** The column it asks about, as a value of the graph. */
  readonly column: string;
  /** Such as `BRANCH_LT`. */
  readonly mode: string;
  readonly value: number;
  /** Where rows go that miss the value. */
  readonly isTrueOfMissing: boolean;
}

interface EnsembleNode {
  readonly test: Test | undefined;
  readonly whenTrue: number;
  readonly whenFalse: number;
}

/** The trees of one `TreeEnsembleRegressor`, of which the answers are summed. */
export class TreeEnsemble {
  readonly #targets: number;
  readonly #columns = new Map<string, number>();
  readonly #trees: EnsembleNode[][] = [];
  readonly #weights: { tree: number; node: number; target: number; weight: number }[] = [];

  /** @param targets how many numbers a leaf holds */
  constructor(targets: number) {
    this.#targets = targets;
  }

  /** Begins a tree: what is added next is its root. */
  begin(): void {
    this.#trees.push([]);
  }

  /** Adds a node that sends rows on to what is added by `whenTrue` or by `whenFalse`. */
  branch(test: Test, whenTrue: () => number, whenFalse: () => number): number {
    const { nodes } = this.#current();
    const at = nodes.push({ test, whenTrue: 0, whenFalse: 0 }) - 1;
    nodes[at] = { test, whenTrue: whenTrue(), whenFalse: whenFalse() };
    return at;
  }

  /** Adds a node that answers with a number for each target. */
  leaf(weights: readonly number[]): number {
    const { nodes, tree } = this.#current();
    const node = nodes.push({ test: undefined, whenTrue: 0, whenFalse: 0 }) - 1;
    // Zeros add nothing, but a leaf has to have something.
    for (const [target, weight] of weights.entries())
      if (weight !== 0 || weights.length === 1) this.#weights.push({ tree, node, target, weight });
    return node;
  }

  /** Writes the node. @returns its answers, `[rows, targets]` */
  write(builder: OnnxBuilder): string {
    const nodes = this.#trees.flatMap((tree, treeId) =>
      tree.map((node, id) => ({ ...node, treeId, id })),
    );
    const columnOf = (test: Test | undefined) =>
      test === undefined ? 0 : this.#column(test.column);
    const attributes = [
      integersAttribute(
        "nodes_treeids",
        nodes.map(({ treeId }) => treeId),
      ),
      integersAttribute(
        "nodes_nodeids",
        nodes.map(({ id }) => id),
      ),
      integersAttribute(
        "nodes_featureids",
        nodes.map(({ test }) => columnOf(test)),
      ),
      stringsAttribute(
        "nodes_modes",
        nodes.map(({ test }) => test?.mode ?? "LEAF"),
      ),
      floatsAttribute(
        "nodes_values",
        nodes.map(({ test }) => test?.value ?? 0),
      ),
      integersAttribute(
        "nodes_truenodeids",
        nodes.map(({ whenTrue }) => whenTrue),
      ),
      integersAttribute(
        "nodes_falsenodeids",
        nodes.map(({ whenFalse }) => whenFalse),
      ),
      integersAttribute(
        "nodes_missing_value_tracks_true",
        nodes.map(({ test }) => (test?.isTrueOfMissing ? 1 : 0)),
      ),
      integersAttribute(
        "target_treeids",
        this.#weights.map(({ tree }) => tree),
      ),
      integersAttribute(
        "target_nodeids",
        this.#weights.map(({ node }) => node),
      ),
      integersAttribute(
        "target_ids",
        this.#weights.map(({ target }) => target),
      ),
      floatsAttribute(
        "target_weights",
        this.#weights.map(({ weight }) => weight),
      ),
      integerAttribute("n_targets", this.#targets),
    ];
    const columns = [...this.#columns.keys()];
    const [only = ""] = columns;
    const features =
      columns.length === 1 ? only : builder.op("Concat", columns, [integerAttribute("axis", 1)]);
    return builder.op("TreeEnsembleRegressor", [features], attributes, ML_DOMAIN);
  }

  /** Whether any node asks anything. */
  get asks(): boolean {
    return this.#trees.some((tree) => tree.some(({ test }) => test !== undefined));
  }

  #column(value: string): number {
    const known = this.#columns.get(value);
    if (known !== undefined) return known;
    this.#columns.set(value, this.#columns.size);
    return this.#columns.size - 1;
  }

  #current(): { nodes: EnsembleNode[]; tree: number } {
    const tree = this.#trees.length - 1;
    const nodes = this.#trees[tree];
    if (nodes === undefined) throw new TypeError("no tree was begun");
    return { nodes, tree };
  }
}

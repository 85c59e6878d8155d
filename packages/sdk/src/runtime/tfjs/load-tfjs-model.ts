import type { TfjsArtifacts, TfjsModel } from "@selvedge/protocol";
import { type GraphModel, loadGraphModel } from "@tensorflow/tfjs-converter";
import { io, type NamedTensorMap, type Tensor } from "@tensorflow/tfjs-core";
import { type LayersModel, loadLayersModel } from "@tensorflow/tfjs-layers";

/** A model of either format, its inputs and outputs by the names in the pack's signature. */
export interface TfjsModelRun {
  run(inputs: NamedTensorMap): Promise<NamedTensorMap>;
  dispose(): void;
}

/** Loads a model into the backend that is set. */
export async function loadTfjsModel(
  format: TfjsModel["format"],
  artifacts: TfjsArtifacts,
): Promise<TfjsModelRun> {
  const handler = io.fromMemory(artifacts);
  return format === "graph-model"
    ? graphModel(await loadGraphModel(handler))
    : layersModel(await loadLayersModel(handler));
}

function graphModel(model: GraphModel): TfjsModelRun {
  const names = model.outputNodes;
  let isDynamic = false;
  return {
    run: async (inputs) => named(names, await execute(inputs)),
    dispose: () => model.dispose(),
  };

  /** Only loops and branches need the slower way, and a model says so when it is run. */
  async function execute(inputs: NamedTensorMap): Promise<Tensor | Tensor[]> {
    if (!isDynamic)
      try {
        return model.execute(inputs, names);
      } catch (error) {
        if (!(error instanceof Error && error.message.includes("executeAsync"))) throw error;
        isDynamic = true;
      }
    return await model.executeAsync(inputs, names);
  }
}

function layersModel(model: LayersModel): TfjsModelRun {
  // A Sequential model has no lists of names.
  const inputNames = model.inputs.map(({ sourceLayer }) => sourceLayer.name);
  const outputNames = model.outputs.map(({ sourceLayer }) => sourceLayer.name);
  return {
    async run(inputs) {
      const given = inputNames.flatMap((name) => inputs[name] ?? []);
      return named(outputNames, model.predictOnBatch(given));
    },
    dispose: () => {
      model.dispose();
    },
  };
}

function named(names: readonly string[], outputs: Tensor | Tensor[]): NamedTensorMap {
  return Object.fromEntries(
    [outputs].flat().map((tensor, index) => [names[index] ?? String(index), tensor]),
  );
}

import { createSelvedge } from "selvedge";
import { visit } from "./visit.js";

// The keys are a page's own: what it takes to have them is no part of a visit.
const publicKeys = await (await fetch("/first/keys.json")).json();

void visit(async ({ model: name, release, build }) => {
  const selvedge = createSelvedge({
    registry: "/first/models",
    assets: build === "whole" ? "/first/whole/" : "/first/fitted/",
    publicKeys,
    cache: { images: build === "shipped" },
  });
  const model = await selvedge.load(name, { channel: release, backend: "wasm" });
  const isWoken = model.info.start.code === "woken";
  if (isWoken !== (build === "shipped")) throw new Error(`${build}: ${model.info.start.reason}`);
  const predict = async (inputs) => {
    const { outputs } = await model.predict(inputs);
    return Object.values(outputs)[0];
  };
  const { totalMs: _, ...stages } = model.info.timings;
  predict.stages = stages;
  return predict;
});

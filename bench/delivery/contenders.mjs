import { damageCache, damagePieces } from "./damage.mjs";

/**
 * Who is measured. Each has a page that loads the model and reads a line, and keeps the model where
 * `damage`, run in such a page, finds it.
 */
export const CONTENDERS = {
  selvedge: { page: "selvedge", damage: damagePieces },
  "transformers.js": { page: "transformers", damage: damageCache },
  // As someone sets it up who has read its source: without what it brings for GPUs.
  "transformers.js, WASM build": { page: "transformers", build: "wasm", damage: damageCache },
  "worker by hand": { page: "hand-written", damage: damageCache },
};

/** The one that ratios are to. */
export const PEER = "transformers.js";

/** What is asked for of the model by whomever, documents included. */
export const MODEL_PATHS = /^\/(models|files)\//;

/** The model's own bytes. */
export const WEIGHT_PATHS = /\/segments\/|\.onnx$/;

/**
 * Where a contender's page loads a release of a model.
 *
 * @param restarts whether it ends its engine once it has answered, where it can, and answers again
 */
export function addressOf(
  { page, build },
  { model = "rec", release = "base", dtype = "q8", restarts = false } = {},
) {
  const asked = { model, release, dtype, ...(build && { build }), ...(restarts && { restarts }) };
  return `/${page}.html?${new URLSearchParams(asked)}`;
}

/** Who is measured: the page of each, and what it is asked for with. */
export const CONTENDERS = {
  selvedge: { page: "selvedge" },
  "transformers.js": { page: "transformers" },
  "transformers.js, WASM build": { page: "transformers", build: "wasm" },
  "careful worker": { page: "careful" },
};

/** The ones that ratios are to. */
export const PEERS = ["transformers.js", "careful worker"];

/** Who starts a model besides, on later visits; `only` one of the subjects where that is all it has. */
export const OTHERS_WARM = {
  /** The same engine, without images. */
  "selvedge, loading": { page: "selvedge", build: "loading" },
  /** lande as a layers model, on the page. */
  "TensorFlow.js": { page: "tfjs", only: "lande" },
};

/** The ones that later visits are compared with. */
export const PEERS_WARM = [...PEERS, ...Object.keys(OTHERS_WARM)];

/** Who is measured: the page of each, and what it is asked for with. */
export const CONTENDERS = {
  selvedge: { page: "selvedge" },
  "transformers.js": { page: "transformers" },
  "transformers.js, WASM build": { page: "transformers", build: "wasm" },
  "careful worker": { page: "careful" },
};

/** The ones that ratios are to. */
export const PEERS = ["transformers.js", "careful worker"];

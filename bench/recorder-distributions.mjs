import { DistributionCounts } from "../packages/sdk/dist/distributions/distribution-counts.js";

const LOOK = ["brightness", "contrast", "sharpness"];
const RANKING = ["class", "confidence", "entropy"];

/** Calls with image-sized tensors: what is measured of each, and of how many numbers. */
const CALLS = {
  "an image of 960 × 960, and a map as large": {
    inputs: { x: image([1, 3, 960, 960]) },
    outputs: { y: image([1, 1, 960, 960]) },
    measures: { x: LOOK, y: LOOK },
  },
  "an image of 224 × 224, and 1,000 scores": {
    inputs: { x: image([1, 3, 224, 224]) },
    outputs: { y: image([1, 1000]) },
    measures: { x: LOOK, y: RANKING },
  },
  "a line of 48 × 320, and 40 rows of 6,625 scores": {
    inputs: { x: image([1, 3, 48, 320]) },
    outputs: { y: image([1, 40, 6625]) },
    measures: { x: LOOK, y: RANKING },
  },
};

/**
 * What counting values takes of the page's thread, for the four calls an hour that are looked at: while the
 * call is answered, and in idle time after it.
 */
export async function measureDistributions(times = 200) {
  const measured = [];
  for (const [name, { inputs, outputs, measures }] of Object.entries(CALLS)) {
    const features = Object.entries(measures).flatMap(([tensor, all]) =>
      all.map((measure) => featureOf(tensor, measure)),
    );
    const opened = {
      digest: "d",
      name: "m",
      version: "1",
      dtype: "fp32",
      reference: { samples: 1, features },
    };
    const served = { opened, host: { place: { backend: "wasm" } } };
    const found = { "while it is answered": [], "in idle time": [] };
    for (let i = 0; i < times; i++) {
      const counts = new DistributionCounts({ epsilon: undefined }, emptyStore());
      let idleAt = 0;
      const startedAt = performance.now();
      const counting = counts.count({ served, inputs, outputs, at: Date.now() }, async () => {
        idleAt = performance.now();
      });
      found["while it is answered"].push(performance.now() - startedAt);
      await counting;
      found["in idle time"].push(performance.now() - idleAt);
    }
    for (const [contender, values] of Object.entries(found))
      measured.push({ name, contender, values });
  }
  return measured;
}

function image(dims) {
  const count = dims.reduce((product, dim) => product * dim, 1);
  const data = Float32Array.from({ length: count }, (_, i) => ((i * 7919) % 256) / 256);
  return { type: "float32", dims, data };
}

function featureOf(tensor, measure) {
  const bins =
    measure === "class"
      ? { categories: ["0", "1"], counts: [1, 1] }
      : { edges: [0.25, 0.5, 0.75], counts: [1, 1, 1, 1] };
  const side = tensor === "x" ? "input" : "output";
  return { name: `${tensor}.${measure}`, side, tensor, measure, missing: 0, ...bins };
}

/** Nothing has been told yet, and nothing is remembered. */
function emptyStore() {
  const store = { get: async () => undefined, put: async () => undefined };
  return { transact: (_how, run) => run({ store }) };
}

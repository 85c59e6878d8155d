/** Browsers as they introduce themselves to a page, and how fast a device like that is. */
const agents = {
  chrome: (major) => ({
    userAgentData: { brands: [{ brand: "Google Chrome", version: String(major) }], mobile: false },
  }),
  android: (major) => ({
    userAgentData: { brands: [{ brand: "Google Chrome", version: String(major) }], mobile: true },
  }),
  firefox: (major) => ({
    userAgent: `Mozilla/5.0 (X11; Linux x86_64; rv:${major}.0) Gecko/20100101 Firefox/${major}.0`,
  }),
  safari: (major) => ({
    userAgent: `Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${major}.5 Mobile/15E148 Safari/604.1`,
  }),
};

/** What devices a fleet is made of: their share, their `navigator`, and milliseconds of a typical run. */
const DEVICES = [
  {
    share: 0.38,
    runMs: 0.9,
    backend: "wasm",
    navigator: { ...agents.chrome(142), deviceMemory: 8, hardwareConcurrency: 12 },
  },
  {
    share: 0.17,
    runMs: 2.1,
    backend: "wasm",
    navigator: { ...agents.chrome(141), deviceMemory: 4, hardwareConcurrency: 4 },
  },
  {
    share: 0.15,
    runMs: 3.4,
    backend: "wasm",
    navigator: { ...agents.android(142), deviceMemory: 4, hardwareConcurrency: 8 },
  },
  {
    share: 0.12,
    runMs: 1.6,
    backend: "wasm",
    navigator: { ...agents.firefox(145), hardwareConcurrency: 8 },
  },
  {
    share: 0.1,
    runMs: 2.6,
    backend: "wasm",
    navigator: { ...agents.safari(17), hardwareConcurrency: 6 },
  },
  {
    share: 0.08,
    runMs: 0.5,
    backend: "webgpu",
    navigator: { ...agents.chrome(142), deviceMemory: 8, hardwareConcurrency: 16 },
  },
];

/** One of them, as often as its share says. */
export function drawDevice(random) {
  let left = random();
  for (const device of DEVICES) {
    left -= device.share;
    if (left < 0) return device;
  }
  return DEVICES[0];
}

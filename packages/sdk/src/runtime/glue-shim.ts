/**
 * onnxruntime-web imports its glue by URL and lets the glue fetch and compile the wasm. Hosted beside
 * the glue and imported in its place, this module passes on a Module that has been compiled already.
 * A module is evaluated once per URL, so what the engine worker sets here is what onnxruntime sees.
 */

type GlueConfig = Record<string, unknown>;

/** Set by the engine worker before it creates the first session. */
export const host: {
  glue: ((config: GlueConfig) => Promise<unknown>) | undefined;
  compiled: Promise<WebAssembly.Module> | undefined;
  /** What the glue made for the wasm, from the first session on: every build imports it. */
  memory: WebAssembly.Memory | undefined;
} = { glue: undefined, compiled: undefined, memory: undefined };

export default function glueWithModule(config: GlueConfig): Promise<unknown> {
  const { glue, compiled } = host;
  if (glue === undefined || compiled === undefined)
    throw new Error("The glue shim was imported before the engine worker set it up.");
  return new Promise((resolve, reject) => {
    const instantiateWasm = (
      imports: WebAssembly.Imports,
      received: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ): object => {
      host.memory = Object.values(imports)
        .flatMap((group) => Object.values(group))
        .find((value) => value instanceof WebAssembly.Memory);
      compiled
        .then(async (module) => received(await WebAssembly.instantiate(module, imports), module))
        .catch(reject);
      return {};
    };
    glue({ ...config, instantiateWasm }).then(resolve, reject);
  });
}

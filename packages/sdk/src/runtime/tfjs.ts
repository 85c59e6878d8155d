/**
 * TensorFlow.js, and how models run in it, as one file that needs no other but its wasm, which comes from the page's own assets.
 * The engine worker imports it by URL, and only for models that are made for it.
 */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm/dist/register_all_kernels.js";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js";
import wasmFactory from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js";
import { registerBackend } from "@tensorflow/tfjs-core";

export { env } from "@tensorflow/tfjs-core";
export { createTfjsSession } from "./tfjs/tfjs-session.ts";

// Its declarations speak of a default export, where the file is CommonJS and exports the function.
const createWasm = wasmFactory as unknown as typeof wasmFactory.default;

/** What Emscripten adds to every module, and the types of the package leave to others. */
interface Emscripten {
  cwrap<Call>(name: string, result: "number" | null, parameters: "number"[]): Call;
}

/**
 * Registers the wasm backend on a Module that has been compiled already. TensorFlow.js would fetch and
 * compile the wasm by itself, in a way that bypasses the browser's code cache.
 *
 * @param onMemory is given the memory that the backend exports, once it is there
 */
export function useModule(
  module: WebAssembly.Module,
  onMemory: (memory: WebAssembly.Memory) => void,
): void {
  registerBackend("wasm", async () => {
    const made = await createWasm({
      instantiateWasm(
        imports: WebAssembly.Imports,
        received: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
      ): object {
        WebAssembly.instantiate(module, imports).then((instance) => {
          for (const made of Object.values(instance.exports))
            if (made instanceof WebAssembly.Memory) onMemory(made);
          received(instance, module);
        });
        return {};
      },
    });
    const wasm = made as typeof made & Emscripten;
    // The same calls that TensorFlow.js makes where it loads the wasm itself.
    wasm.tfjs = {
      init: wasm.cwrap("init", null, []),
      initWithThreadsCount: wasm.cwrap("init_with_threads_count", null, ["number"]),
      getThreadsCount: wasm.cwrap("get_threads_count", "number", []),
      registerTensor: wasm.cwrap("register_tensor", null, ["number", "number", "number"]),
      disposeData: wasm.cwrap("dispose_data", null, ["number"]),
      dispose: wasm.cwrap("dispose", null, []),
    };
    return new BackendWasm(wasm);
  });
}

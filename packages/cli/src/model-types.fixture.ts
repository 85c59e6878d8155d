// Written by `selvedge types` from a registry's promoted models. Run it again instead of editing.
import type { TensorOf } from "selvedge";

declare module "selvedge" {
  interface ModelTypes {
    "typed-model": {
      inputs: {
        /** float32[512] */
        x: TensorOf<"float32", [number]>;
      };
      outputs: {
        /** float32[512] */
        y: TensorOf<"float32", [number]>;
      };
    };
  }
}

import { SelvedgeError } from "@selvedge/protocol";
import type { GraphProto } from "onnx-buf";

/**
 * Refuses a graph whose inputs, outputs or initializers share a name: nothing could tell them apart.
 *
 * @throws SelvedgeError `model-invalid`.
 */
export function refuseRepeatedNames({ input, output, initializer }: GraphProto): void {
  for (const [what, named] of Object.entries({ input, output, initializer })) {
    const seen = new Set<string>();
    for (const { name } of named) {
      if (seen.has(name))
        throw new SelvedgeError(
          "model-invalid",
          `The model has more than one ${what} "${name}", and names have to be unique. Export it again.`,
        );
      seen.add(name);
    }
  }
}

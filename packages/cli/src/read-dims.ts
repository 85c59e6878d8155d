import { readFile } from "node:fs/promises";
import type { InputDims } from "@selvedge/packer";
import { Field, SelvedgeError } from "@selvedge/protocol";

/** More elements than an input can have. */
const MOST = 2 ** 31 - 1;

/**
 * Reads dims that devices have met, by model: `{"ocr-rec": [{"x": [1, 3, 48, 812]}]}`.
 *
 * @throws SelvedgeError `not-found` where there is no such file, `options-invalid` naming the field.
 */
export async function readDims(file: string): Promise<Record<string, readonly InputDims[]>> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new SelvedgeError("not-found", `${file} could not be read. Check --dims.`, { cause });
  });
  return Field.fromJson(text, file, "options-invalid").record((model) =>
    model.items().map((inputs) =>
      inputs.record((dims) => {
        const sizes = dims.items().map((dim) => dim.integer({ min: 0, max: MOST }));
        if (sizes.reduce((product, size) => product * size, 1) > MOST)
          dims.fail("a smaller tensor");
        return sizes;
      }),
    ),
  );
}

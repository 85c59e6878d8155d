import { expect, test } from "vitest";
import { checkOwnTolerances, refuseLaxTolerances } from "./own-tolerances.ts";

const tolerance = { absolute: 0.1, relative: 0.5 };

test("tolerances are for backends, and for precisions that are packed", () => {
  const check = (place: string) => () => checkOwnTolerances({ [place]: tolerance }, ["fp32", "q8"]);
  for (const place of ["wasm", "webgpu", "q8/wasm"]) expect(check(place)).not.toThrow();
  for (const place of ["server", "fp16/wasm", "fp32/wasm", "__proto__", "q8/"])
    expect(check(place)).toThrow(expect.objectContaining({ code: "options-invalid" }));
});

test("a tolerance within which zeros would be is refused", () => {
  expect(() => refuseLaxTolerances({ wasm: tolerance }, 0.3)).not.toThrow();
  expect(() => refuseLaxTolerances({ wasm: tolerance }, 0.2)).toThrow(
    expect.objectContaining({ code: "options-invalid" }),
  );
  const relative = { absolute: 0, relative: 1 };
  expect(() => refuseLaxTolerances({ wasm: relative }, 1e6)).toThrow("zeros");
});

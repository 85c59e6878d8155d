import type { InspectResult } from "@selvedge/packer";
import { expect, test } from "vitest";
import { describeLayers } from "./describe-layers.ts";

type Given = Parameters<typeof describeLayers>[0];

/** Only what is looked at of a manifest. */
function given(layers: InspectResult["layers"], graphs: Record<string, number>): Given {
  const variants = Object.entries(graphs).map(([dtype, bytes]) => ({ dtype, graph: { bytes } }));
  return { manifest: { variants } as unknown as Given["manifest"], layers };
}

const two = given(
  [
    { name: "decoder", bytes: { fp32: 6000, q8: 1500 } },
    { name: "a.very.long.name.of.a.layer.in.an.encoder", bytes: { fp32: 3000 } },
  ],
  { fp32: 1000, q8: 900 },
);

test("a line for each layer says what it weighs in every precision, and its share of the first", () => {
  expect(describeLayers(two)).toEqual([
    "  layers                                      fp32        q8",
    "  decoder                                   6.0 KB    1.5 KB   60% ████████████",
    "  ….long.name.of.a.layer.in.an.encoder      3.0 KB         –   30% ██████",
    "  graph                                     1.0 KB     900 B   10% ██",
  ]);
});

test("a narrow terminal gets no bars", () => {
  for (const line of describeLayers(two, 79)) expect(line).not.toContain("█");
});

test("small layers share a line, and a model without large tensors has none", () => {
  const layers = Array.from({ length: 12 }, (_, i) => ({ name: `l${i}`, bytes: { fp32: 100 } }));
  const lines = describeLayers(given(layers, { fp32: 800 }));
  expect(lines).toHaveLength(11);
  expect(lines.at(-2)).toMatch(/^ {2}4 more +400 B +20% ████$/);
  expect(describeLayers(given([], { fp32: 800 }))).toEqual([]);
});

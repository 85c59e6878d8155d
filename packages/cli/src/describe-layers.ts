import type { InspectResult } from "@selvedge/packer";
import { formatBytes } from "./format-bytes.ts";

/** How many layers have a line of their own. */
const MOST = 8;

const BAR = 20;

/** Names longer than this lose their beginning, which they have in common with others. */
const LONGEST_NAME = 36;

/** Where nobody says how wide lines may be. */
const COLUMNS = 100;

/**
 * A table of the largest layers: what each weighs in every precision, and its share of the first.
 *
 * @param columns how wide it may be; where that is too narrow, there are no bars
 */
export function describeLayers(
  { manifest, layers }: Pick<InspectResult, "manifest" | "layers">,
  columns: number = COLUMNS,
): string[] {
  const dtypes = [...new Set(manifest.variants.map(({ dtype }) => dtype))];
  const [first] = dtypes;
  if (first === undefined || layers.length === 0) return [];
  const others = layers.slice(MOST);
  const rest = dtypes.map((dtype) => total(others, dtype));
  const rows = [
    ...layers.slice(0, MOST).map(({ name, bytes }) => ({
      name: shortened(name),
      sizes: dtypes.map((dtype) => bytes[dtype] ?? 0),
    })),
    ...(others.length === 0 ? [] : [{ name: `${others.length} more`, sizes: rest }]),
    { name: "graph", sizes: dtypes.map((dtype) => graphBytes(manifest.variants, dtype)) },
  ];
  const whole = rows.reduce((sum, { sizes }) => sum + (sizes[0] ?? 0), 0);
  const width = Math.max("layers".length, ...rows.map(({ name }) => name.length));
  const line = (name: string, cells: readonly string[]) =>
    `  ${name.padEnd(width)}  ${cells.map((cell) => cell.padStart(10)).join("")}`;
  const isWide = line("", dtypes).length + BAR + 7 <= columns;
  return [
    line("layers", dtypes),
    ...rows.map(({ name, sizes }) => {
      const share = (sizes[0] ?? 0) / whole;
      const bar = isWide ? ` ${"█".repeat(Math.round(share * BAR))}` : "";
      const percent = `${Math.round(share * 100)}%`.padStart(5);
      const cells = sizes.map((size) => (size === 0 ? "–" : formatBytes(size)));
      return `${line(name, cells)} ${percent}${bar}`.trimEnd();
    }),
  ];
}

function graphBytes(variants: InspectResult["manifest"]["variants"], dtype: string): number {
  return variants.reduce((sum, each) => sum + (each.dtype === dtype ? each.graph.bytes : 0), 0);
}

function total(
  layers: InspectResult["layers"],
  dtype: keyof InspectResult["layers"][number]["bytes"],
): number {
  return layers.reduce((sum, { bytes }) => sum + (bytes[dtype] ?? 0), 0);
}

function shortened(name: string): string {
  return name.length <= LONGEST_NAME ? name : `…${name.slice(1 - LONGEST_NAME)}`;
}

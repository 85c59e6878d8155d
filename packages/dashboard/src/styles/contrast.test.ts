import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const TOKENS = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const [light = "", dark = ""] = TOKENS.split("@media (prefers-color-scheme: dark)");

/** The colours of a scheme; the dark one leaves nothing of the light one standing. */
const SCHEMES = [
  ["light", readColors(light)],
  ["dark", readColors(dark)],
] as const;

const TEXTS = ["--ink", "--ink-soft", "--ink-faint", "--accent", "--danger"] as const;
const GROUNDS = ["--surface", "--surface-raised"] as const;

test("the dark scheme has every colour that the light one has", () => {
  expect([...readColors(dark).keys()].toSorted()).toEqual([...readColors(light).keys()].toSorted());
});

test.each(
  SCHEMES.flatMap(([scheme, colors]) =>
    TEXTS.flatMap((text) => GROUNDS.map((ground) => ({ scheme, colors, text, ground }))),
  ),
)("$scheme: $text can be read on $ground", ({ colors, text, ground }) => {
  expect(contrast(colors, text, ground)).toBeGreaterThanOrEqual(4.5);
});

test.each(
  SCHEMES.flatMap(([scheme, colors]) =>
    [
      ["--accent-ink", "--accent"],
      ["--danger", "--danger-surface"],
      ["--warn", "--warn-surface"],
      ["--good", "--good-surface"],
      ["--ink-soft", "--surface-sunken"],
      ["--ink-soft", "--warn-surface"],
      ["--ink-soft", "--danger-surface"],
      ["--surface", "--danger"],
    ].map(([text = "", ground = ""]) => ({ scheme, colors, text, ground })),
  ),
)("$scheme: $text can be read on $ground", ({ colors, text, ground }) => {
  expect(contrast(colors, text, ground)).toBeGreaterThanOrEqual(4.5);
});

test.each(SCHEMES)("%s: every series stands out from the page", (_, colors) => {
  const series = [...colors.keys()].filter((name) => name.startsWith("--series-"));
  expect(series).toHaveLength(8);
  for (const name of series) expect(contrast(colors, name, "--surface")).toBeGreaterThanOrEqual(3);
});

function readColors(css: string): Map<string, string> {
  return new Map(
    [...css.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6});/g)].map(([, name = "", color = ""]) => [
      name,
      color,
    ]),
  );
}

/** The contrast ratio of WCAG 2.2, from 1 to 21. */
function contrast(colors: ReadonlyMap<string, string>, a: string, b: string): number {
  const [dark = 0, light = 0] = [a, b]
    .map((name) => luminance(colors.get(name) ?? "none"))
    .sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red = Number.NaN, green = Number.NaN, blue = Number.NaN] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

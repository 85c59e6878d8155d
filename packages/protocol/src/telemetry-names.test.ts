import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { METRIC_TYPES } from "./metric-types.ts";
import { START_METRICS, START_UNITS, STARTS } from "./start-names.ts";
import {
  ATTRIBUTES,
  BATCH_ID,
  DISTRIBUTION,
  FEEDBACK,
  METRICS,
  PREDICTION,
  PREDICTION_EVENT,
  SPANS,
  UNITS,
} from "./telemetry-names.ts";

const doc = readFileSync(new URL("../../../docs/telemetry.md", import.meta.url), "utf8");

/** The rows of a section's table, by the titles of its columns. */
function tableOf(title: string): Record<string, string>[] {
  const section = doc.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? "";
  const [titles = [], , ...rows] = section
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return rows.map((row) => Object.fromEntries(titles.map((name, i) => [name, row[i] ?? ""])));
}

const names = (title: string) => tableOf(title).map(({ name = "" }) => name.replaceAll("`", ""));

test.each([
  ["Metrics", METRICS],
  ["Attributes of points", ATTRIBUTES],
  ["Metrics of starts", START_METRICS],
  ["Attributes of starts", STARTS],
  ["Attributes of distributions", DISTRIBUTION],
  ["Attributes of feedback", FEEDBACK],
  ["Logs", PREDICTION],
  ["Spans", SPANS],
])("docs/telemetry.md has all of its %s, and no others, in the source's order", (title, source) => {
  expect(names(title)).toEqual(Object.values(source));
});

test("docs/telemetry.md names what a resource says, its batch id, and the event of a prediction", () => {
  const { browser, device } = ATTRIBUTES;
  expect(names("Who speaks").slice(-3)).toEqual([browser, device, BATCH_ID]);
  expect(doc).toContain(`\`${PREDICTION_EVENT}\``);
});

describe.each([...tableOf("Metrics"), ...tableOf("Metrics of starts")])(
  "docs/telemetry.md says of $name",
  (row) => {
    test("its type, its unit, and what it says besides", () => {
      const name = row["name"]?.replaceAll("`", "") ?? "";
      const types: Record<string, string> = METRIC_TYPES;
      expect(row["type"]).toBe(types[name]);
      const units: Record<string, string> = { ...UNITS, ...START_UNITS };
      expect(row["unit"]).toBe(`\`${units[name]}\``);
      const known = [ATTRIBUTES, DISTRIBUTION, FEEDBACK, STARTS].flatMap((list) =>
        Object.values(list),
      );
      const besides = [...(row["and"] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
      expect(known).toEqual(expect.arrayContaining(besides));
    });
  },
);

test("every field has a type and says when it is there", () => {
  const sections = [...doc.matchAll(/^## (.+)$/gm)].map(([, title = ""]) => title);
  const rows = sections.flatMap(tableOf);
  expect(rows.length).toBeGreaterThan(40);
  for (const { name, type = "", when = "" } of rows) {
    expect(type, name).toMatch(/^[a-z ]+$/);
    expect(when, name).toMatch(/[.:]$/);
  }
});

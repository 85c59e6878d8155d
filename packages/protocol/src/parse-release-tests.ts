import type { Field } from "./field.ts";
import type { MeasuredMetric, ReleaseTests, TestFile } from "./manifest.ts";
import type { ReadTests } from "./parse-manifest.ts";

/** Reads what a model had to pass, and what each variant came to. */
export const releaseTests: ReadTests = { tests, metrics };

function tests(field: Field): ReleaseTests {
  const evaluation = field.at("evaluation").optional((file) => ({
    ...testFile(file),
    metrics: metricList(file.at("metrics")),
  }));
  const regression = field.at("regression").optional(testFile);
  const vocabulary = field.at("vocabulary").optional(digested);
  const output = field.at("output").optional((name) => name.text());
  if (evaluation === undefined && regression === undefined)
    field.fail("evaluation, regression, or both");
  return {
    ...(evaluation === undefined ? {} : { evaluation }),
    ...(regression === undefined ? {} : { regression }),
    ...(vocabulary === undefined ? {} : { vocabulary }),
    ...(output === undefined ? {} : { output }),
  };
}

/** Those that the variant was tested by, each good enough. */
function metrics(field: Field, tests: ReleaseTests | undefined): Record<string, number> {
  const values = field.record((value) => value.number({ min: Number.NEGATIVE_INFINITY }));
  for (const [metric, value] of Object.entries(values)) {
    const bar = tests?.evaluation?.metrics.find((known) => known.metric === metric);
    if (bar === undefined) return field.at(metric).fail("no value, as no test measured it");
    const { min = value, max = value } = bar;
    if (value < min) field.at(metric).fail(`at least ${min}`);
    if (value > max) field.at(metric).fail(`at most ${max}`);
  }
  return values;
}

function metricList(field: Field): MeasuredMetric[] {
  const seen = new Set<string>();
  const list = field.items().map((item) => {
    const metric = item.at("metric").text();
    if (seen.has(metric)) item.at("metric").fail("a metric that comes once");
    seen.add(metric);
    const [min, max] = [item.at("min").optional(bar), item.at("max").optional(bar)];
    return {
      metric,
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    };
  });
  return list.length > 0 ? list : field.fail("at least one metric");
}

/** Metrics such as R² have no lower end. */
function bar(field: Field): number {
  return field.number({ min: Number.NEGATIVE_INFINITY });
}

function testFile(field: Field): TestFile {
  return { ...digested(field), cases: field.at("cases").integer({ min: 1 }) };
}

function digested(field: Field): { bytes: number; sha256: string } {
  return { bytes: field.at("bytes").integer({ min: 0 }), sha256: field.at("sha256").sha256() };
}

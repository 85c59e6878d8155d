import { describe, expect, test } from "vitest";
import { readCommandLine } from "./command-line.ts";
import { readMetrics } from "./read-metrics.ts";

function read(line: string) {
  const several = { type: "string", multiple: true } as const;
  const options = {
    metric: several,
    min: several,
    max: several,
    name: { type: "string" },
  } as const;
  return readMetrics(readCommandLine(line.split(" "), options).tokens);
}

describe("readMetrics", () => {
  test.each([
    ["--metric accuracy --min 0.97", [{ metric: "accuracy", min: 0.97 }]],
    ["--min 0.97 --name n --metric accuracy", [{ metric: "accuracy", min: 0.97 }]],
    [
      "--metric cer --max 0.03 --metric exact --metric r2 --min=-1",
      [{ metric: "cer", max: 0.03 }, { metric: "exact" }, { metric: "r2", min: -1 }],
    ],
    ["--name n", []],
  ])("%s", (line, metrics) => {
    expect(read(line)).toEqual(metrics);
  });

  test.each([
    ["--metric sharpness", 'no metric "sharpness"'],
    ["--min 0.9", "--min 0.9 is for no metric"],
    ["--max 1 --metric mse --metric mae", "--max 1 has to come after"],
    ["--metric mse --max lots", '--max "lots" is not a number'],
    ["--metric mse --max=", '--max "" is not a number'],
    ["--metric f1 --min 0.9 --min 0.8", "--min comes twice for f1"],
  ])("%s is refused", (line, why) => {
    expect(() => read(line)).toThrow(
      expect.objectContaining({ name: "UsageError", message: expect.stringContaining(why) }),
    );
  });
});

import { expect, test } from "vitest";
import { writeExposition } from "./exposition.ts";

test("writes metrics as Prometheus reads them, with what is in labels escaped", () => {
  const text = writeExposition([
    {
      name: "selvedge_predictions_total",
      type: "counter",
      help: "Two lines,\nand a \\ in them.",
      samples: [
        { labels: { model: 'a"b\\c\nd', version: "1.0.0" }, value: 3 },
        { labels: {}, value: Number.POSITIVE_INFINITY },
      ],
    },
    { name: "empty", type: "gauge", help: "Nothing.", samples: [] },
    {
      name: "selvedge_seconds",
      type: "histogram",
      help: "Durations.",
      samples: [
        { suffix: "_bucket", labels: { le: "+Inf" }, value: 2 },
        { suffix: "_sum", value: 0.25 },
        { suffix: "_count", value: 2 },
      ],
    },
  ]);
  expect(text).toBe(
    [
      "# HELP selvedge_predictions_total Two lines,\\nand a \\\\ in them.",
      "# TYPE selvedge_predictions_total counter",
      'selvedge_predictions_total{model="a\\"b\\\\c\\nd",version="1.0.0"} 3',
      "selvedge_predictions_total +Inf",
      "# HELP selvedge_seconds Durations.",
      "# TYPE selvedge_seconds histogram",
      'selvedge_seconds_bucket{le="+Inf"} 2',
      "selvedge_seconds_sum 0.25",
      "selvedge_seconds_count 2",
      "",
    ].join("\n"),
  );
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { answeredCall } from "../distributions/answered-call.fixture.ts";
import { eventually } from "../eventually.fixture.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { CallWatch } from "./call-watch.ts";
import { Reporter } from "./reporter.ts";

const predictions = { sample: 0, keep: 100, answers: 100 };

let reporter: Reporter;
let watch: CallWatch;

beforeEach(async () => {
  await (await freshDatabase()).close();
  reporter = new Reporter({ telemetry: undefined, service: "shop" });
  const policies = { distributions: {}, predictions };
  watch = new CallWatch({ reporter, service: "shop", isSent: true, ...policies });
});

afterEach(() => {
  vi.restoreAllMocks();
  reporter.end();
});

const answer = () => reporter.answered(answeredCall(), { span: undefined, batchSize: 1 });

test("its end waits no longer than it was told to, whatever the store does", async () => {
  vi.spyOn(reporter, "send").mockReturnValue(new Promise(() => undefined));
  answer();
  const late = new Promise((resolve) => setTimeout(() => resolve("late"), 10_000));
  const ended = watch.end(50).then(() => "ended");
  expect(await Promise.race([ended, late])).toBe("ended");
});

test("a page that goes away is given what was counted of its calls", async () => {
  answer();
  await eventually(() =>
    expect(JSON.stringify(reporter.onLeave?.() ?? [])).toContain('"selvedge.contributor"'),
  );
});

import type { OtlpBatch } from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { answeredCall, row } from "./answered-call.fixture.ts";
import type { DistributionPolicy } from "./distribution-policy.ts";
import { type Distributions, watchDistributions } from "./watch-distributions.ts";

let sent: OtlpBatch[];
let watch: Distributions;

function watchWith(policy: DistributionPolicy | undefined): void {
  const send = async (batch: OtlpBatch) => void sent.push(batch);
  watch = watchDistributions({ policy, service: "shop", send });
}

beforeEach(async () => {
  await (await freshDatabase()).close();
  sent = [];
  watchWith({});
});

afterEach(async () => {
  vi.restoreAllMocks();
  await watch.end();
});

const told = () => sent.map((batch) => JSON.stringify(batch)).join();

test("what was counted leaves with a flush, the first call's too, and not twice", async () => {
  watch.answered(answeredCall());
  await watch.flush();
  expect(told()).toContain('"age"');
  expect(told()).toContain('"y.class"');
  await watch.flush();
  expect(sent).toHaveLength(1);
});

test("the first call's outputs are those it was answered with, whatever the app does to them", async () => {
  const outputs = { y: row(0.25, 0.75) };
  watch.answered(answeredCall({ outputs }));
  if (outputs.y?.data instanceof Float32Array) outputs.y.data.set([1, 0]);
  await watch.flush();
  expect(told()).toContain('"bucketCounts":["0","1"]');
});

test("of many calls few are looked at", async () => {
  watch.answered(answeredCall());
  await watch.flush();
  sent = [];
  for (let i = 0; i < 1_000; i++) watch.answered(answeredCall());
  await watch.flush();
  expect(told()).toMatch(/"bucketCounts":\["0","3","0"\]/);
});

test("packs without a reference, and pages that do not want it, are left alone", async () => {
  watch.answered({ ...answeredCall({ features: undefined, digest: "none" }) });
  watchWith(undefined);
  watch.answered(answeredCall());
  await watch.flush();
  expect(sent).toEqual([]);
});

test("a page that goes away takes what was counted at once, and nobody hands it over again", async () => {
  watch.answered(answeredCall());
  await watch.flush();
  watch.answered(answeredCall({ digest: "d2" }));
  const taken: OtlpBatch[] = [];
  await eventually(() => {
    taken.push(...watch.take());
    expect(JSON.stringify(taken)).toContain('"age"');
  });
  await watch.flush();
  expect(sent).toHaveLength(1);
});

test("what is forgotten is not sent: neither what was counted nor what is being looked at", async () => {
  // The chunk is on its way.
  watch.answered(answeredCall());
  watch.forget();
  await watch.flush();
  expect(sent).toEqual([]);
  watch.answered(answeredCall({ digest: "d2" }));
  watch.answered(answeredCall({ digest: "d3" }));
  watch.forget();
  await watch.flush();
  expect(sent).toEqual([]);
  watch.answered(answeredCall({ digest: "d4" }));
  await watch.flush();
  expect(sent).toHaveLength(1);
});

test("after the end nothing is counted", async () => {
  await watch.end();
  watch.answered(answeredCall());
  await watch.flush();
  expect(sent).toEqual([]);
});

test("the end gives the store back, also where what was counted cannot be handed over", async () => {
  const closing = vi.spyOn(Database.prototype, "close");
  const send = () => Promise.reject(new Error("the outbox takes nothing"));
  const refused = watchDistributions({ policy: {}, service: "shop", send });
  refused.answered(answeredCall());
  await expect(refused.end()).rejects.toThrow("the outbox takes nothing");
  expect(closing).toHaveBeenCalledOnce();
});

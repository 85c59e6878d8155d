import { beforeEach, describe, expect, test } from "vitest";
import { batch, idsIn } from "./batch.fixture.ts";
import { leftBatches, putLeft } from "./left.fixture.ts";
import { OutboxStage } from "./outbox.fixture.ts";

let stage: OutboxStage;

beforeEach(async () => {
  stage = await OutboxStage.start();
});

describe("what is damaged", () => {
  const body = batch("none").body;
  const DAMAGED: [what: string, value: unknown][] = [
    ["nothing", {}],
    ["no batch", { batch: null }],
    ["no signal", { batch: { signal: "smoke", body } }],
    ["a body of another signal", { batch: { signal: "logs", body } }],
    ["nothing in its body", { batch: { signal: "metrics", body: { resourceMetrics: [null] } } }],
    ["attributes that are none", { batch: { signal: "metrics", body: noAttributes() } }],
  ];

  function noAttributes() {
    const [part] = batch("none").body.resourceMetrics;
    return { resourceMetrics: [{ ...part, resource: { attributes: [null] } }] };
  }

  const putWaiting = (value: unknown) =>
    stage.database.use("testing", (connection) => connection.put("outbox", value as never));

  test.each(DAMAGED)(
    "and holds %s is thrown out of what was left, and told",
    async (_what, value) => {
      await stage.outbox.leave([batch("a")]);
      await putLeft(value);
      await stage.outbox.leave([batch("b")]);
      await stage.outbox.look();
      expect(await stage.reported()).toEqual({ damaged: 1 });
      expect(await leftBatches()).toEqual([]);
    },
  );

  test.each(DAMAGED)("and holds %s is thrown out of what waits, and told", async (_what, value) => {
    await stage.add(batch("a"));
    const { batch: one } = value as { batch?: object };
    await putWaiting({ ...one, bytes: 1, items: 1, addedAt: 0, tries: 0 });
    await stage.add(batch("b"));
    await stage.outbox.look();
    const all = (await stage.drain()).flat();
    expect(all.flatMap(idsIn).slice(0, 2)).toEqual(["a", "b"]);
    expect(await stage.reported()).toEqual({ damaged: 1 });
  });

  test.each([null, "text", 3])(
    "and is no record at all (%s) is thrown out of what waits",
    async (value) => {
      await stage.add(batch("a"));
      await putWaiting(value);
      await stage.outbox.look();
      expect((await stage.drain()).flat()).toEqual([batch("a")]);
      await putWaiting(value);
      await stage.outbox.erase();
      expect(await stage.reported()).toEqual({});
    },
  );

  test("about when it was left, or what was erased by then, costs no other", async () => {
    await stage.outbox.leave([batch("a")]);
    await putLeft({ batch: batch("b"), leftAt: Number.NaN, erasures: 0 });
    await putLeft({ batch: batch("c"), leftAt: 1e300, erasures: 0 });
    await putLeft({ batch: batch("d"), leftAt: 0, erasures: "none" });
    await putLeft({ key: 1e300, batch: batch("e"), leftAt: 0, erasures: 0 });
    await stage.outbox.look();
    expect((await stage.drain()).flat().flatMap(idsIn)).toEqual(["a", "b", "c"]);
    expect(await stage.reported()).toEqual({ erased: 1 });
  });
});

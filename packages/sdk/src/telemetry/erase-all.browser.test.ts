import { beforeEach, describe, expect, test, vi } from "vitest";
import { batch, idsIn } from "./batch.fixture.ts";
import { LIMITS, ME, OutboxStage } from "./outbox.fixture.ts";
import { Outbox } from "./outbox.ts";

let stage: OutboxStage;

beforeEach(async () => {
  stage = await OutboxStage.start();
});

describe("erasing", () => {
  test("deletes what waits, ids and predictions; how much it was is counted", async () => {
    await stage.add(batch("a"), batch("b"));
    await stage.database.use("testing", async (connection) => {
      await connection.put("telemetry", "an id", "contributor");
      await connection.put("predictions", { id: "p", at: 1 } as never);
    });
    await stage.outbox.erase();
    const left = await stage.database.use("testing", async (connection) => [
      await connection.getAllKeys("telemetry"),
      await connection.getAllKeys("predictions"),
      await connection.getAllKeys("outbox"),
    ]);
    expect(left).toEqual([["outbox"], [], []]);
    expect(await stage.reported()).toEqual({ erased: 2 });
  });

  test("in one tab keeps out what another had measured before", async () => {
    const onErased = vi.fn();
    const other = new Outbox(stage.database, LIMITS, () => stage.now, onErased);
    await other.choice();
    await stage.outbox.erase();
    expect(onErased).not.toHaveBeenCalled();
    expect(await other.add(batch("measured before"))).toBe("dropped");
    expect(onErased).toHaveBeenCalledOnce();
    expect(await other.add(batch("measured after"))).toBe("stored");
    expect(onErased).toHaveBeenCalledOnce();
    const all = (await stage.drain()).flat();
    expect(all.flatMap(idsIn)).not.toContain("measured before");
    expect(all.flatMap(idsIn)).toContain("measured after");
  });

  test("that is heard of from another tab keeps out what waits for its turn, and nothing after", async () => {
    const onErased = vi.fn();
    const other = new Outbox(stage.database, LIMITS, () => stage.now, onErased);
    await other.choice();
    const erasures = await stage.outbox.erase();
    const adding = other.add(batch("measured before"));
    other.hearErased(erasures);
    expect(await adding).toBe("dropped");
    expect(await other.add(batch("measured after"))).toBe("stored");
    other.hearErased(erasures);
    expect(onErased).toHaveBeenCalledOnce();
  });

  test("that fails leaves all as it was: what is measured after it is of the same time", async () => {
    const onErased = vi.fn();
    stage.outbox = new Outbox(stage.database, LIMITS, () => stage.now, onErased);
    await stage.add(batch("before"));
    vi.spyOn(IDBObjectStore.prototype, "clear").mockImplementationOnce(() => {
      throw new DOMException("the disk is full", "QuotaExceededError");
    });
    await expect(stage.outbox.erase()).rejects.toThrow(/erasing telemetry/);
    expect(await stage.outbox.add(batch("after"))).toBe("stored");
    expect(onErased).not.toHaveBeenCalled();
    expect((await stage.drain()).flat()).toEqual([batch("before"), batch("after")]);
  });

  test("does not undo what the collector asked for", async () => {
    await stage.add(batch("a"));
    const answer = { kind: "later", isAsked: true, atLeastMs: 600_000, isSuspect: false } as const;
    await stage.outbox.settle(await stage.lease(), answer, ME);
    await stage.outbox.erase();
    expect(await stage.outbox.lease({ ...ME, isUrgent: true })).toMatchObject({ isTold: true });
  });
});

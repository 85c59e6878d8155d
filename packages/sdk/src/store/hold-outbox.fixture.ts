import type { Database } from "./database.ts";

/** A transaction over the outbox that goes on. */
interface Held {
  /** @returns whether it went on until then, or had made too many requests before */
  end(): Promise<"was held" | "was over">;
}

/** Begins a transaction over the outbox that goes on until it is ended, or has made too many requests. */
export function holdOutbox(database: Database): Held {
  let isEnding = false;
  const how = { doing: "testing", stores: ["outbox", "telemetry"], mode: "readwrite" } as const;
  const holding = database.transact(how, async (transaction) => {
    for (let requests = 0; requests < 1_000; requests++) {
      if (isEnding) return "was held";
      await transaction.objectStore("outbox").count();
    }
    return "was over";
  });
  return {
    end: () => {
      isEnding = true;
      return holding;
    },
  };
}

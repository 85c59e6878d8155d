import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import type { Refused } from "../failure.ts";
import { eventually } from "../fixtures/eventually.ts";
import { type ByteBudget, createByteBudget } from "./byte-budget.ts";
import { readBody } from "./read-body.ts";
import { createTurns } from "./take-turns.ts";

/** A request whose body is written bit by bit, and what is read of it. */
function begin(budget: ByteBudget) {
  const body = new PassThrough();
  const request = Object.assign(body, { headers: {} }) as unknown as IncomingMessage;
  const read = readBody(request, { held: budget.open(), unpackInTurn: createTurns(1) });
  return { body, read: read.then(String, (error: Refused) => error.failure.code) };
}

test("one that stopped in the middle makes room for one that comes, and is asked to come back", async () => {
  const budget = createByteBudget(10);
  const stopped = begin(budget);
  stopped.body.write("12345678");
  await eventually(() => expect(stopped.body.readableLength).toBe(0));
  const other = begin(budget);
  other.body.end("abcdef");
  expect(await other.read).toBe("abcdef");
  stopped.body.end("9");
  expect(await stopped.read).toBe("busy");
});

test("one that has arrived stays, and who finds no room beside it is asked to come back", async () => {
  const budget = createByteBudget(10);
  const arrived = begin(budget);
  arrived.body.end("12345678");
  expect(await arrived.read).toBe("12345678");
  const other = begin(budget);
  other.body.end("abcdef");
  expect(await other.read).toBe("busy");
});

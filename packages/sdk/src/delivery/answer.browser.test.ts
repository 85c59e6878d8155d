import { expect, test } from "vitest";
import { noise } from "../store/pack.fixture.ts";
import { Answer } from "./answer.ts";
import { StallGuard } from "./stall-guard.ts";

const BYTES = noise(3_000_000, 1);

function answerOf(response: Response): Answer {
  const guard = new StallGuard(new AbortController().signal, 5_000);
  return new Answer(response, { guard, wrap: (cause) => cause });
}

/** All that comes, and the buffers that it came in as they are at the end. */
async function readAll(answer: Answer) {
  const whole = new Uint8Array(BYTES.byteLength);
  const buffers: ArrayBuffer[] = [];
  let at = 0;
  for (let chunk = await answer.read(); chunk !== undefined; chunk = await answer.read()) {
    whole.set(chunk, at);
    at += chunk.byteLength;
    buffers.push(chunk.buffer);
  }
  answer.end();
  return {
    isSame: at === BYTES.byteLength && whole.every((byte, i) => byte === BYTES[i]),
    buffers,
  };
}

test("what the browser fetches is read into one buffer, and none is left of it", async () => {
  const url = URL.createObjectURL(new Blob([BYTES]));
  const { isSame, buffers } = await readAll(answerOf(await fetch(url)));
  URL.revokeObjectURL(url);
  expect(isSame).toBe(true);
  expect(buffers.length).toBeGreaterThan(1);
  expect(buffers.every(({ byteLength }) => byteLength === 0)).toBe(true);
});

test("a stream that a page made is read as it comes", async () => {
  const parts = [BYTES.slice(0, 1_000_000), BYTES.slice(1_000_000)];
  const body = new ReadableStream({
    pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(part);
    },
  });
  const { isSame, buffers } = await readAll(answerOf(new Response(body)));
  expect([isSame, buffers.length]).toEqual([true, 2]);
});

test("an answer without a body has come to its end", async () => {
  expect(await answerOf(new Response(null)).read()).toBeUndefined();
});

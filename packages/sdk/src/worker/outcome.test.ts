import { SelvedgeError } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { outcomeOf, unwrap } from "./outcome.ts";

/** What arrives at the other end of a worker boundary. */
async function cross(thrown: unknown): Promise<unknown> {
  const outcome = await outcomeOf(() => {
    throw thrown;
  });
  try {
    return unwrap(structuredClone(outcome));
  } catch (error) {
    return error;
  }
}

test("a value crosses as it is", async () => {
  expect(unwrap(structuredClone(await outcomeOf(async () => ({ n: 1n }))))).toEqual({ n: 1n });
});

test("a SelvedgeError comes back as one, with code, detail, cause and the stack it was thrown at", async () => {
  const cause = new TypeError("Failed to fetch");
  const thrown = new SelvedgeError("network", "no answer", { cause, detail: { url: "u" } });
  const error = await cross(thrown);
  expect(error).toBeInstanceOf(SelvedgeError);
  expect(error).toMatchObject({ code: "network", message: "no answer", detail: { url: "u" } });
  expect(error).toMatchObject({ cause: { name: "TypeError", message: "Failed to fetch" } });
  expect(error instanceof Error && error.stack).toBe(thrown.stack);
});

test("an abort comes back as the AbortError that fetch would throw", async () => {
  const error = await cross(AbortSignal.abort().reason);
  expect(error).toBeInstanceOf(DOMException);
  expect(error).toMatchObject({ name: "AbortError" });
});

test("any other error keeps its name, its message and its chain of causes", async () => {
  const thrown = new RangeError("outer", { cause: new Error("inner", { cause: "a string" }) });
  expect(await cross(thrown)).toMatchObject({
    name: "RangeError",
    message: "outer",
    cause: { message: "inner", cause: { message: "a string" } },
  });
});

test("causes that go round in a circle end somewhere", async () => {
  const thrown = new Error("snake");
  thrown.cause = thrown;
  expect(await cross(thrown)).toMatchObject({ message: "snake", cause: { message: "snake" } });
});

test.each([["a string"], [undefined], [{ code: 7 }]])(
  "%j, which is no error, comes back as one",
  async (thrown) => {
    const error = await cross(thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ message: String(thrown) });
  },
);

test.each([42, null, undefined, {}])(
  "%j is no outcome, and its sender is not believed",
  (answer) => {
    // A worker whose script is another's answers as it likes.
    const unwrapAny: (outcome: never) => unknown = unwrap;
    expect(() => unwrapAny(answer as never)).toThrow(
      expect.objectContaining({ code: "engine-crashed", detail: { hasRun: true } }),
    );
  },
);

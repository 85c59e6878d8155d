import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Fetch } from "../delivery/network.ts";
import { eventually } from "../eventually.fixture.ts";
import { answerFetches } from "./answer-fetches.ts";
import { pageFetch } from "./page-fetch.ts";

const URL_ASKED = "https://registry.test/models/x";
const { signal } = new AbortController();

let link: AbortController;

beforeEach(() => {
  link = new AbortController();
});

afterEach(() => {
  link.abort();
});

/** A keeper's `fetch` that this answers, over real ports. */
function over(fetch: typeof globalThis.fetch): Fetch {
  const { port1: page, port2 } = new MessageChannel();
  answerFetches(fetch, { page, until: link.signal });
  return pageFetch(port2);
}

const ask = (fetch: Fetch, aborts: AbortSignal = signal) =>
  fetch(URL_ASKED, { headers: { Range: "bytes=0-9" }, cache: "no-store", signal: aborts });

/** A body that says when it was drawn from, and how it ended. */
function watchedBody(chunks: number, bytes = 10) {
  const seen = { drawn: 0, cancelled: false };
  const body = new ReadableStream(
    {
      pull(controller) {
        if (seen.drawn++ === chunks) controller.close();
        else controller.enqueue(new Uint8Array(bytes).fill(seen.drawn));
      },
      cancel() {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { seen, body };
}

const read = async ({ body }: { body: ReadableStream<Uint8Array> | null }) =>
  new Uint8Array(await new Response(body as BodyInit | null).arrayBuffer());

test("the page is asked with all that matters, and its answer comes back whole", async () => {
  const page = vi.fn<typeof fetch>(async () => {
    const response = new Response("labels", {
      status: 206,
      headers: { ETag: '"one"', "Content-Range": "bytes 0-5/6" },
    });
    return Object.defineProperties(response, {
      url: { value: "https://cdn.test/x" },
      redirected: { value: true },
    });
  });
  const response = await ask(over(page));
  expect(page).toHaveBeenCalledExactlyOnceWith(URL_ASKED, {
    headers: { Range: "bytes=0-9" },
    cache: "no-store",
    signal: expect.any(AbortSignal),
  });
  expect(response).toMatchObject({ status: 206, url: "https://cdn.test/x", redirected: true });
  expect(response.headers.get("etag")).toBe('"one"');
  expect(new TextDecoder().decode(await read(response))).toBe("labels");
});

test("a body crosses as it is read, and no faster", async () => {
  const { seen, body } = watchedBody(3);
  const reader = (await ask(over(async () => new Response(body)))).body?.getReader();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(seen.drawn).toBe(0);
  expect((await reader?.read())?.value).toEqual(new Uint8Array(10).fill(1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(seen.drawn).toBe(1);
  await reader?.read();
  await reader?.read();
  expect(await reader?.read()).toEqual({ done: true, value: undefined });
});

test("what the page keeps of a chunk stays the page's", async () => {
  const kept = new Uint8Array([1, 2, 3, 4]);
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(kept.subarray(1, 3));
      controller.close();
    },
  });
  const response = await ask(over(async () => new Response(body)));
  expect([...(await read(response))]).toEqual([2, 3]);
  expect([...kept]).toEqual([1, 2, 3, 4]);
});

test("an answer without a body is one without a body", async () => {
  expect(await read(await ask(over(async () => new Response(null, { status: 404 }))))).toEqual(
    new Uint8Array(),
  );
});

test("requests run side by side", async () => {
  const fetch = over(async (url) => new Response(String(url)));
  const texts = await Promise.all(
    ["a", "b", "c"].map(async (path) => {
      const response = await fetch(URL_ASKED + path, { headers: {}, cache: "default", signal });
      return new TextDecoder().decode(await read(response));
    }),
  );
  expect(texts).toEqual([`${URL_ASKED}a`, `${URL_ASKED}b`, `${URL_ASKED}c`]);
});

describe("an abort", () => {
  test("before the page has answered reaches the page's fetch", async () => {
    const controller = new AbortController();
    let seen: AbortSignal | null | undefined;
    const asking = ask(
      over((_url, init) => {
        seen = init?.signal;
        return new Promise(() => undefined);
      }),
      controller.signal,
    );
    await eventually(() => expect(seen).toBeDefined());
    controller.abort("enough");
    await expect(asking).rejects.toBe("enough");
    await eventually(() => expect(seen?.aborted).toBe(true));
  });

  test("while the body comes ends it on both sides", async () => {
    const controller = new AbortController();
    const { seen, body } = watchedBody(9);
    const response = await ask(
      over(async () => new Response(body)),
      controller.signal,
    );
    const reader = response.body?.getReader();
    await reader?.read();
    controller.abort("enough");
    await expect(reader?.read()).rejects.toBe("enough");
    await eventually(() => expect(seen.cancelled).toBe(true));
  });

  test("beforehand asks for nothing", async () => {
    const page = vi.fn<typeof fetch>();
    await expect(ask(over(page), AbortSignal.abort("enough"))).rejects.toBe("enough");
    expect(page).not.toHaveBeenCalled();
  });
});

test("a body that is given up half way is given up on the page", async () => {
  const { seen, body } = watchedBody(9);
  const response = await ask(over(async () => new Response(body)));
  await response.body?.cancel();
  await eventually(() => expect(seen.cancelled).toBe(true));
});

test("the end of a keeper ends what the page fetches for it", async () => {
  let seen: AbortSignal | null | undefined;
  const { seen: watched, body } = watchedBody(9);
  const response = await ask(
    over(async (_url, init) => {
      seen = init?.signal;
      return new Response(body);
    }),
  );
  await response.body?.getReader().read();
  link.abort();
  expect(seen?.aborted).toBe(true);
  await eventually(() => expect(watched.cancelled).toBe(true));
});

describe("a fetch of the page that fails", () => {
  test.each<[string, typeof fetch]>([
    [
      "throws",
      () => {
        throw new Error("token expired");
      },
    ],
    ["rejects", () => Promise.reject(new Error("token expired"))],
  ])("as it %s fails as fetch does, and says why", async (_, page) => {
    await expect(ask(over(page))).rejects.toMatchObject({
      name: "TypeError",
      message: expect.stringContaining("token expired"),
    });
  });

  test("in the middle of a body fails the body", async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error("cut")) });
    const response = await ask(over(async () => new Response(body)));
    await expect(read(response)).rejects.toThrow();
  });

  test.each<[string, unknown, string]>([
    ["nothing", undefined, "status is undefined"],
    ["a text", "labels", "status is undefined"],
    ["an object that is no Response", { ok: true }, "status is undefined"],
    ["a status that there is not", { status: 7, headers: [] }, "status is 7"],
    ["an opaque Response", Response.error(), "it is opaque"],
    ["headers that are none", { status: 200, headers: [["a b", "c"]] }, "headers are no headers"],
  ])("as it answers %s is told what it should have answered", async (_, answer, why) => {
    const page = (async () => answer) as unknown as typeof fetch;
    await expect(ask(over(page))).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining(why),
    });
  });

  test("as its body is one of text is told so", async () => {
    const body = new ReadableStream({ pull: (controller) => controller.enqueue("text") });
    const page = (async () => ({ status: 200, headers: [], body })) as unknown as typeof fetch;
    const response = await ask(over(page));
    await expect(response.body?.getReader().read()).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining("not one of bytes"),
    });
  });
});

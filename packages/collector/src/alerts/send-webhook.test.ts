import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { sendWebhook, type WebhookEdge } from "./send-webhook.ts";
import { createWebhookQueue } from "./webhook-queue.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

interface Received {
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A receiver that answers with these statuses one after another, and its last one from then on. */
async function startReceiver(...statuses: number[]) {
  const received: Received[] = [];
  const listener: RequestListener = async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    received.push({ url: request.url, headers: request.headers, body });
    const status = statuses[Math.min(received.length, statuses.length) - 1] ?? 200;
    response.writeHead(status, { location: "/elsewhere", "retry-after": "7" }).end("x".repeat(1e5));
  };
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook`, received };
}

function edge(): WebhookEdge & { readonly waits: number[]; readonly signal: AbortSignal } {
  const waits: number[] = [];
  return {
    waits,
    fetch,
    now: () => 1_700_000_000_000,
    wait: async (ms) => {
      waits.push(ms);
    },
    signal: new AbortController().signal,
  };
}

test("posts JSON that its receiver can tell from anyone else's", async () => {
  const { url, received } = await startReceiver(204);
  expect(await sendWebhook({ url, secret: "shared" }, { event: "alert" }, edge())).toBe(true);
  const { headers, body } = received[0] ?? { headers: {} as Received["headers"], body: "" };
  expect(JSON.parse(body)).toEqual({ event: "alert" });
  expect(headers["content-type"]).toBe("application/json");
  const signed = createHmac("sha256", "shared").update(`1700000000.${body}`).digest("hex");
  expect(headers["x-selvedge-timestamp"]).toBe("1700000000");
  expect(headers["x-selvedge-signature"]).toBe(`sha256=${signed}`);
});

test("signs nothing without a secret", async () => {
  const { url, received } = await startReceiver(200);
  await sendWebhook({ url, secret: undefined }, {}, edge());
  expect(received[0]?.headers["x-selvedge-signature"]).toBeUndefined();
});

test("tries again what failed for now, after longer and longer, and no sooner than it is asked to", async () => {
  const { url, received } = await startReceiver(500, 429, 200);
  const outside = edge();
  expect(await sendWebhook({ url, secret: undefined }, {}, outside)).toBe(true);
  expect(received).toHaveLength(3);
  expect(outside.waits).toHaveLength(2);
  for (const waited of outside.waits) expect(waited).toBeGreaterThanOrEqual(7000);
});

test("gives up after four attempts, and when nobody answers at all", async () => {
  const { url, received } = await startReceiver(503);
  expect(await sendWebhook({ url, secret: undefined }, {}, edge())).toBe(false);
  expect(received).toHaveLength(4);
  const nobody = edge();
  const closed = { url: "http://127.0.0.1:9/", secret: undefined };
  expect(await sendWebhook(closed, {}, nobody)).toBe(false);
  expect(nobody.waits).toHaveLength(3);
});

test.each([400, 403, 404, 410])("does not insist where the answer is %i", async (status) => {
  const { url, received } = await startReceiver(status);
  expect(await sendWebhook({ url, secret: undefined }, {}, edge())).toBe(false);
  expect(received).toHaveLength(1);
});

test.each([301, 302, 307, 308])("follows no redirect: %i", async (status) => {
  const { url, received } = await startReceiver(status);
  expect(await sendWebhook({ url, secret: "s" }, {}, edge())).toBe(false);
  expect(received.map((request) => request.url)).toEqual(["/hook"]);
});

test("of one rule one thing is on its way at a time, in its order; rules do not wait for each other", async () => {
  const started: string[] = [];
  const answers: (() => void)[] = [];
  const queue = createWebhookQueue({
    ...edge(),
    fetch: (_, init) => {
      started.push(String(init?.body));
      return new Promise((resolve) => answers.push(() => resolve(new Response(null))));
    },
  });
  const hook = { url: "http://a.example", secret: undefined };
  const first = queue.send("a", hook, 1);
  const second = queue.send("a", hook, 2);
  const other = queue.send("b", hook, 3);
  await expect.poll(() => started).toEqual(["1", "3"]);
  answers[0]?.();
  expect(await first).toBe(true);
  await expect.poll(() => started).toEqual(["1", "3", "2"]);
  for (const answer of answers) answer();
  expect(await Promise.all([second, other])).toEqual([true, true]);
});

test("what waits when the collector ends is given up", async () => {
  const queue = createWebhookQueue({
    ...edge(),
    fetch: (_, init) =>
      new Promise((_resolve, reject) =>
        init?.signal?.addEventListener("abort", () => reject(new Error("aborted"))),
      ),
  });
  const hook = { url: "http://a.example", secret: undefined };
  const sent = [queue.send("a", hook, 1), queue.send("a", hook, 2)];
  queue.close();
  expect(await Promise.all(sent)).toEqual([false, false]);
});

/** Names the channel over which a worker has the page fetch for it. */
const CHANNEL = "fetch-by-page";

interface Question {
  readonly id: string;
  readonly url: string;
  readonly method: string;
  readonly cache: RequestCache;
  readonly headers: [string, string][];
  readonly body: ArrayBuffer | null;
}

interface Answer {
  readonly answers: string;
  readonly status: number;
  readonly headers: [string, string][];
  readonly body: ArrayBuffer;
}

/** Run in a worker: `fetch` asks the page, so that a test can stand in for the network. */
export function fetchByPage(): void {
  const channel = new BroadcastChannel(CHANNEL);
  const waiting = new Map<string, (answer: Answer) => void>();
  channel.addEventListener("message", ({ data }: MessageEvent<Answer | Question>) => {
    if ("answers" in data) waiting.get(data.answers)?.(data);
  });
  globalThis.fetch = async (input, init = {}) => {
    const { signal } = init;
    const request = new Request(input, init);
    const { url, method, cache, headers } = request;
    const body = init.body === undefined ? null : await request.arrayBuffer();
    // Several workers ask at once, and each hears every answer.
    const id = crypto.randomUUID();
    const { status, ...answer } = await new Promise<Answer>((resolve, reject) => {
      signal?.throwIfAborted();
      signal?.addEventListener("abort", () => reject(signal.reason));
      waiting.set(id, resolve);
      const question: Question = { id, url, method, cache, headers: [...headers], body };
      channel.postMessage(question);
    });
    return new Response(answer.body, { status, headers: answer.headers });
  };
}

/** Run in the page: answers with `fetch`. @returns what stops it */
export function answerFetches(fetch: typeof globalThis.fetch): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  let isStopped = false;
  channel.addEventListener("message", async ({ data }: MessageEvent<Answer | Question>) => {
    if (!("id" in data)) return;
    const { id, url, body, ...init } = data;
    const response = await fetch(url, { ...init, body });
    const answer: Answer = {
      answers: id,
      status: response.status,
      headers: [...response.headers],
      body: await response.arrayBuffer(),
    };
    // A test may be over before what it asked for has come.
    if (!isStopped) channel.postMessage(answer);
  });
  return () => {
    isStopped = true;
    channel.close();
  };
}

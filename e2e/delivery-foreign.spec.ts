import { counts, expect, KEEPER, test, Visitor } from "./fixtures/delivery.ts";
import { closesAt } from "./fixtures/host/faults.ts";
import { MisbehavingHost } from "./fixtures/host/misbehaving-host.ts";

const SEGMENTS = /\/segments\//;
const PIECE_BYTES = 1024 * 1024;

test("a registry of another origin is never asked for permission, and a cut costs no more there", async ({
  browser,
  host,
  registry: { folder, manifests },
}) => {
  const elsewhere = await MisbehavingHost.start({ "/models/": folder }, { isForeign: true });
  host.misbehave(KEEPER, counts);
  const visitor = await Visitor.arrive(browser, host, { registry: `${elsewhere.url}/models` });
  try {
    elsewhere.misbehave(SEGMENTS, closesAt(2_500_000), { times: 1 });
    // Whoever is asked to forget has started, and counts from here.
    await visitor.forget();
    const before = await visitor.received();
    expect(await visitor.load()).toEqual({ served: "1.0.0" });
    const received = (await visitor.received()) - before;
    const requests = elsewhere.seen.filter(({ path }) => SEGMENTS.test(path));
    expect(requests.some(({ range }) => range !== undefined)).toBe(true);
    expect(elsewhere.preflights).toBe(0);
    const modelBytes = manifests["1.0.0"].segments[0]?.bytes ?? 0;
    // What was on its way when the connection went was sent, and came to nobody.
    expect(received).toBeGreaterThanOrEqual(modelBytes);
    expect(received).toBeLessThanOrEqual(modelBytes + PIECE_BYTES);
    expect(host.sentOf(/^\/models\//)).toBe(0);
  } finally {
    await visitor.leave();
    await elsewhere.close();
  }
});

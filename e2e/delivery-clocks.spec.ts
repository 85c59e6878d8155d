import { test as base, expect, hasClock, KEEPER, Visitor } from "./fixtures/delivery.ts";
import { type Fault, flips } from "./fixtures/host/faults.ts";

/** At either end of a signed document there may be what nobody signed. */
const flipsTheMiddle: Fault = (answer, asked) =>
  flips(answer.start + Math.floor(answer.body.byteLength / 2))(answer, asked);

const YEAR_MS = 365 * 24 * 3600_000;

/** Whoever is on the page believes signed documents only, and has a clock that can be set. */
const test = base.extend({
  visitor: async ({ browser, host, registry: { publicKey } }, use) => {
    host.misbehave(KEEPER, hasClock);
    const visitor = await Visitor.arrive(browser, host, { publicKeys: [publicKey] });
    // Whoever is asked to forget has started.
    await visitor.forget();
    await use(visitor);
    await visitor.leave();
  },
});

test("a clock that is wrong by years is what keeps a signed model away, until it is set: no reload", async ({
  visitor,
}) => {
  await visitor.setClock(10 * YEAR_MS);
  expect(await visitor.load()).toMatchObject({ code: "document-expired" });
  await visitor.setClock(-10 * YEAR_MS);
  expect(await visitor.load()).toMatchObject({ code: "document-not-yet-valid" });
  await visitor.setClock(0);
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
  await visitor.setClock(10 * YEAR_MS);
  expect(await visitor.load()).toEqual({ served: "1.0.0" });
});

test("a signed document that was changed on its way is not believed, until it comes as it was signed", async ({
  visitor,
  host,
}) => {
  for (const [file, code] of [
    [/channels\.json$/, "signature-invalid"],
    [/manifest\.json$/, "integrity"],
    [/manifest\.sig$/, "signature-invalid"],
  ] as const) {
    host.misbehave(file, flipsTheMiddle);
    expect(await visitor.load(), String(file)).toMatchObject({ code });
    host.behave();
    expect(await visitor.load()).toEqual({ served: "1.0.0" });
    await visitor.forget();
  }
});

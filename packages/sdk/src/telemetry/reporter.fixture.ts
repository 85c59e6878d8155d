import type { OtlpBatch } from "@selvedge/protocol";
import { vi } from "vitest";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import type { Choice } from "./choice.ts";
import { collectorDouble, type Received } from "./collector.fixture.ts";
import { leftBatches } from "./left.fixture.ts";
import { Outbox } from "./outbox.ts";
import { Reporter } from "./reporter.ts";
import type { ReporterSettings, TelemetrySettings } from "./reporter-settings.ts";

export const TELEMETRY: TelemetrySettings = {
  endpoint: "https://collector.test/v1",
  headers: { "x-token": "secret" },
  maxBytes: 5 * 1024 * 1024,
  maxAgeMs: 7 * 24 * 60 * 60_000,
  consent: "granted",
  respectPrivacySignals: true,
};

/** Whom calls and failures are recorded of. */
export const subject = {
  model: "ocr-rec",
  version: "1.0.0",
  dtype: "fp32",
  backend: "wasm",
} as const;

/** Reporters over a store that was empty, as so many tabs, and a collector that answers as a test says. */
export class ReporterStage {
  readonly database: Database;
  /** What the collector was sent. */
  readonly received: Received[];
  answer: (one: Received) => Response | Promise<Response> = () => new Response("{}");
  readonly #reporters: Reporter[] = [];

  static async start(): Promise<ReporterStage> {
    return new ReporterStage(await freshDatabase());
  }

  private constructor(database: Database) {
    this.database = database;
    this.received = collectorDouble((one) => this.answer(one));
  }

  async end(): Promise<void> {
    for (const one of this.#reporters) one.end();
    await this.database.close();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  }

  /** The reporter that was opened last. */
  get reporter(): Reporter {
    const last = this.#reporters.at(-1);
    if (last === undefined) throw new Error("No reporter has been opened.");
    return last;
  }

  open(
    settings: Partial<TelemetrySettings> | "off" = {},
    more: Partial<ReporterSettings> = {},
  ): Reporter {
    const telemetry = settings === "off" ? undefined : { ...TELEMETRY, ...settings };
    const reporter = new Reporter({ telemetry, service: "shop", ...more });
    this.#reporters.push(reporter);
    return reporter;
  }

  /** How many batches the store has, those included that pages left as they went away. */
  async waiting(): Promise<number> {
    const left = await leftBatches();
    const count = await this.database.use("testing", (connection) => connection.count("outbox"));
    return left.length + count;
  }

  /** What the user has said, as the next page would know it. */
  remembered(): Promise<Choice | undefined> {
    return new Outbox(this.database, TELEMETRY).look();
  }

  requests(): OtlpBatch[] {
    return this.received.map(({ request }) => request);
  }

  texts(): string[] {
    return this.requests().map((request) => JSON.stringify(request));
  }
}

/** Records something in a page that has looked at the store well before: nothing is under way there. */
export async function recordFirst(reporter: Reporter): Promise<void> {
  await reporter.flush();
  reporter.recorder.predicted(subject, 1);
}

/** The browser hides the page. */
export function hide(): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}

/** The browser refuses IndexedDB. */
export function refuseStorage(): void {
  vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
    throw new DOMException("access denied", "SecurityError");
  });
}

import { SPANS } from "@selvedge/protocol";
import { chunkMissing } from "../chunk-missing.ts";
import { Consent, type TelemetryState } from "./consent.ts";
import type { LoadBegun, Reporter } from "./reporter.ts";
import type { ReporterSettings } from "./reporter-settings.ts";
import type { TraceParent } from "./trace-context.ts";
import type { Began, Outcome } from "./tracing.ts";

/** A load under way, as telemetry sees it. */
export interface OpenLoad {
  /** Called once, when it is over. */
  end(outcome: Outcome): void;
}

/**
 * What a page has of telemetry before it has a model: what the user wants, as far as it is known. All else
 * comes with the first model, or when it is asked for.
 */
export class LazyReporter {
  readonly #settings: ReporterSettings;
  readonly #consent: Consent;
  #loading: Promise<Reporter> | undefined;
  #isEnded = false;

  constructor(settings: ReporterSettings) {
    this.#settings = settings;
    this.#consent = new Consent(settings.telemetry, navigator);
  }

  get state(): TelemetryState {
    return this.#consent.state;
  }

  /** @throws SelvedgeError `network` where the chunk cannot be loaded; asked for again, it is tried again */
  load(): Promise<Reporter> {
    this.#loading ??= this.#open().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  /**
   * As `Reporter.prepare`. Never waited for.
   *
   * @param calm resolves when what waits from earlier visits may be sent
   */
  prepare(calm: Promise<void>): void {
    void this.load().then(
      (reporter) => reporter.prepare(calm),
      () => undefined,
    );
  }

  /** Begins a load. A tracer is asked now, while what the page does is active. */
  beginLoad(parent: TraceParent): OpenLoad {
    const began = this.#began(parent);
    const isSeen = this.#isSeen;
    return {
      end: (outcome) => {
        const ended = { ...outcome, endedAt: performance.now() };
        if (isSeen || this.#isSeen) void this.#told({ parent, began, isSeen }, ended);
      },
    };
  }

  async flush(): Promise<void> {
    if (this.#consent.mayRecord || this.#consent.isUnread) await (await this.load()).flush();
  }

  async enable(): Promise<void> {
    await (await this.load()).enable();
  }

  /** It is off on this page before this returns. */
  async disable(): Promise<void> {
    this.#consent.choice = "denied";
    await (await this.load()).disable();
  }

  async erase(): Promise<void> {
    await (await this.load()).erase();
  }

  /** Sends what there is, as far as that takes no longer; then listens, gathers and sends no more. */
  async end(withinMs: number): Promise<void> {
    const reporter = await this.#loading?.catch(() => undefined);
    await reporter?.flush(AbortSignal.timeout(withinMs)).catch(() => undefined);
    this.#isEnded = true;
    reporter?.end();
  }

  get #isSeen(): boolean {
    return this.#consent.mayRecord || this.#settings.tracing?.tracer !== undefined;
  }

  async #open(): Promise<Reporter> {
    const { Reporter } = await import("../first-model.ts").catch(chunkMissing);
    const reporter = new Reporter(this.#settings, this.#consent);
    if (this.#isEnded) reporter.end();
    return reporter;
  }

  #began({ traceparent }: TraceParent): Began {
    const began: Began = { operation: "load", at: Date.now(), calledAt: performance.now() };
    // One that lies under another program's span needs no context of the page's: it may be begun later.
    const tracer = traceparent === undefined ? this.#settings.tracing?.tracer : undefined;
    try {
      const span = tracer?.startSpan(SPANS.load, { kind: 0, startTime: began.at });
      return span === undefined ? began : { ...began, span };
    } catch {
      // What goes wrong in a page's tracer must not fail the load.
      return began;
    }
  }

  async #told(load: LoadBegun, outcome: Outcome): Promise<void> {
    try {
      (await this.load()).loadEnded(load, outcome);
    } catch {
      endQuietly(load.began);
    }
  }
}

function endQuietly({ span }: Began): void {
  try {
    span?.end();
  } catch {
    // The load that it tells of has come to its own end.
  }
}

import engineUrl from "../../../packages/sdk/dist/worker/engine.js?url";
import doubleUrl from "./engine-double.ts?worker&url";
import type { Order, Report } from "./orders.ts";

/** One worker of the page. */
export interface FaultyEngine {
  readonly worker: Worker;
  isEnded: boolean;
  /** On which backend it last ran a model. */
  ranOn?: string;
  /** When it last did; larger is later. */
  ranAt: number;
}

/** The engine workers of a page, each a double: what `createSelvedge` takes as `workers.engine`. */
export class FaultyEngines {
  /** In the order in which they were started. */
  readonly all: FaultyEngine[] = [];
  /** What a worker is ordered from its start, by how many there were before. */
  fromStart: (before: number) => readonly Order[] = () => [];
  readonly #reports = new EventTarget();
  #runs = 0;

  /** Starts one. */
  readonly spawn = (): Worker => {
    const script = [doubleUrl, engineUrl]
      .map((url) => `import ${JSON.stringify(new URL(url, import.meta.url).href)};`)
      .join("\n");
    const blob = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    const name = JSON.stringify(this.fromStart(this.all.length));
    const worker = new Worker(blob, { type: "module", name });
    const engine: FaultyEngine = { worker, isEnded: false, ranAt: 0 };
    const end = worker.terminate.bind(worker);
    worker.terminate = () => {
      engine.isEnded = true;
      end();
    };
    worker.addEventListener("message", ({ data }) => this.#hear(engine, data));
    this.all.push(engine);
    return worker;
  };

  /** The one that answered last, of those on a backend. */
  serving(backend = "wasm"): FaultyEngine {
    const [engine] = this.all
      .filter(({ ranOn, isEnded }) => ranOn === backend && !isEnded)
      .sort((one, other) => other.ranAt - one.ranAt);
    if (engine === undefined) throw new Error(`no engine has answered on ${backend}`);
    return engine;
  }

  /** Orders the one that answered last. */
  order(order: Order, backend?: string): void {
    this.serving(backend).worker.postMessage({ order });
  }

  /** Resolves when a worker reports this, or has so often. */
  heard(report: Report["report"], times = 1): Promise<void> {
    let left = times;
    return new Promise((resolve) => {
      const hear = () => {
        left -= 1;
        if (left > 0) return;
        this.#reports.removeEventListener(report, hear);
        resolve();
      };
      this.#reports.addEventListener(report, hear);
    });
  }

  #hear(engine: FaultyEngine, message: Partial<Report> | undefined): void {
    if (message?.report === undefined) return;
    if (message.report === "run" && message.backend !== undefined) {
      engine.ranOn = message.backend;
      engine.ranAt = ++this.#runs;
    }
    this.#reports.dispatchEvent(new Event(message.report));
  }
}

/** What a double of an engine worker is ordered to do wrong. */
export type Order =
  /** Sessions made from now on compute something else. */
  | { readonly fault: "answers"; readonly kind: WrongKind; readonly of: Sessions }
  /** The thread never comes back: from reading the script, making the next session, or the next run. */
  | { readonly fault: "hang"; readonly at: HangPlace }
  /** The next run leaves the wasm by a trap, and so does every later one in this worker. */
  | { readonly fault: "trap" }
  /** The script throws in the next run, where no one catches it. */
  | { readonly fault: "throw" }
  /** The runtime cannot be initialised in this worker. */
  | { readonly fault: "init" }
  /** The wasm of this worker may not grow past so many pages of 64 KiB. */
  | { readonly fault: "memory"; readonly maxPages: number }
  /** Every message is answered, by something that no engine says. */
  | { readonly fault: "garbage" }
  /** The GPU's device is destroyed: at once, or when the next run has given it work. */
  | { readonly fault: "device"; readonly when: "now" | "mid-run" }
  /** The next run reports `gpu-busy` once the GPU has work, and gets no result before the GPU is lost. */
  | { readonly fault: "gpu-waits" };

export type HangPlace = "script" | "session" | "run";

/** What a wrong kernel computes; type and size are right. */
export type WrongKind = "zeros" | "nan" | "transposed";

/** Which sessions compute it: those on a backend, in a layout, with a certain weight. */
export interface Sessions {
  readonly backend?: "wasm" | "webgpu";
  readonly layout?: "NHWC" | "NCHW";
  /** SHA-256 of a tensor that the engine is given by itself. */
  readonly tensor?: string;
}

/** What a double tells the page that started it. */
export type Report =
  | { readonly report: "run"; readonly backend: string }
  | { readonly report: "gpu-busy" };

/** The orders that hold in a worker. */
export class Orders {
  readonly #orders: Order[];

  constructor(orders: readonly Order[]) {
    this.#orders = [...orders];
  }

  add(order: Order): void {
    this.#orders.push(order);
  }

  has(fault: Order["fault"]): boolean {
    return this.#orders.some((order) => order.fault === fault);
  }

  /** The orders to do something of a kind. */
  all<F extends Order["fault"]>(fault: F): Extract<Order, { fault: F }>[] {
    return this.#orders.filter(
      (order): order is Extract<Order, { fault: F }> => order.fault === fault,
    );
  }

  /** An order of a kind that says so much, which holds no longer. */
  take<F extends Order["fault"]>(
    fault: F,
    saying: Partial<Extract<Order, { fault: F }>> = {},
  ): Extract<Order, { fault: F }> | undefined {
    const taken = this.all(fault).find((order) =>
      Object.entries(saying).every(([name, value]) => Reflect.get(order, name) === value),
    );
    if (taken !== undefined) this.#orders.splice(this.#orders.indexOf(taken), 1);
    return taken;
  }

  /** Never returns where that is an order. */
  hangAt(place: HangPlace): void {
    while (this.all("hang").some(({ at }) => at === place));
  }
}

export function tellPage(report: Report): void {
  self.postMessage(report);
}

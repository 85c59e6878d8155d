/** What the suite asks of a browser. Firefox and WebKit both know these, by names of their own. */
export type Command =
  | "newSession"
  | "deleteSession"
  | "setTimeouts"
  | "navigate"
  | "executeAsync"
  | "newWindow"
  | "closeWindow"
  | "getWindow"
  | "switchToWindow";

/** Sends a command to a browser. @throws Error with the browser's message where it refuses. */
export type Send = (command: Command, parameters: Record<string, unknown>) => Promise<unknown>;

/** How long a page may take for what it is asked. */
const SCRIPT_TIMEOUT_MS = 90_000;

/** A browser under W3C WebDriver, whatever carries the commands: the part of it that the suite needs. */
export class WebDriver {
  readonly #send: Send;
  /** Such as `Firefox 153.0`. */
  readonly title: string;

  private constructor(send: Send, title: string) {
    this.#send = send;
    this.title = title;
  }

  /** @param capabilities what `alwaysMatch` asks for */
  static async open(send: Send, capabilities: Record<string, unknown>): Promise<WebDriver> {
    const session = (await send("newSession", { capabilities: { alwaysMatch: capabilities } })) as {
      capabilities: { browserName: string; browserVersion: string };
    };
    await send("setTimeouts", { script: SCRIPT_TIMEOUT_MS, pageLoad: SCRIPT_TIMEOUT_MS });
    const { browserName, browserVersion } = session.capabilities;
    return new WebDriver(send, `${browserName} ${browserVersion}`);
  }

  async goto(url: string): Promise<void> {
    await this.#send("navigate", { url });
  }

  /**
   * Runs a function in the page that is looked at.
   *
   * @param work stands alone: nothing of its surroundings goes along but `argument`, as JSON
   * @throws Error with the page's message
   */
  async run<Argument, Result>(
    work: (argument: Argument) => Result | Promise<Result>,
    argument?: Argument,
  ): Promise<Result> {
    const script = `
      const [argument, done] = arguments;
      Promise.resolve(argument).then(${String(work)}).then(
        (result) => done({ result: result ?? null }),
        (error) => done({ error: String(error && error.message || error) }),
      );`;
    const answer = (await this.#send("executeAsync", { script, args: [argument ?? null] })) as {
      result: Result;
      error?: string;
    };
    if (answer.error !== undefined) throw new Error(`${this.title}: ${answer.error}`);
    return answer.result;
  }

  /** The tab that is looked at. */
  async tab(): Promise<string> {
    return String(await this.#send("getWindow", {}));
  }

  /** Opens a tab and looks at it. */
  async openTab(): Promise<string> {
    const { handle } = (await this.#send("newWindow", { type: "tab" })) as { handle: string };
    await this.lookAt(handle);
    return handle;
  }

  /** Closes the tab that is looked at. */
  async closeTab(): Promise<void> {
    await this.#send("closeWindow", {});
  }

  async lookAt(handle: string): Promise<void> {
    await this.#send("switchToWindow", { handle });
  }

  async close(): Promise<void> {
    await this.#send("deleteSession", {});
  }
}

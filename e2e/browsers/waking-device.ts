import { expect } from "@playwright/test";
import type { EngineStart } from "selvedge";
import type { FittedSite } from "../fixtures/fitted-site.ts";
import { MisbehavingHost } from "../fixtures/host/misbehaving-host.ts";
import type { DeviceCopy, ImageFound } from "../page/waking/device.ts";
import { BARE_PAGE } from "../places.ts";
import type { WebDriver } from "./web-driver.ts";

/** How an engine came to be, and what it was answered to the first inputs, to the last bit. */
export interface Visit {
  readonly opened: EngineStart;
  readonly answers: readonly string[];
}

/** How many inputs every visit asks about. */
const ASKED = 3;

/** How many times a device is asked to make an image which it finds, on a busy machine, to be not worth it. */
const ATTEMPTS = 4;

/** How long a device may take to prove a model, to rehearse its start, and to write it down. */
const MAKING_MS = 120_000;

/**
 * A browser that is driven from outside, with two tabs: in one the model is loaded, visit after visit; the
 * other keeps a copy of the image, and loads nothing.
 */
export class WakingDevice {
  readonly host: MisbehavingHost;
  readonly #browser: WebDriver;
  readonly #name: string;
  readonly #front: string;
  #backstage = "";
  #answers: readonly string[] = [];

  private constructor(host: MisbehavingHost, browser: WebDriver, front: string, name: string) {
    this.host = host;
    this.#browser = browser;
    this.#front = front;
    this.#name = name;
  }

  /** Lets a device that has never seen the model come to have its image, at its own pace. */
  static async asleep(
    browser: WebDriver,
    name: string,
    { registry, assets }: FittedSite,
  ): Promise<WakingDevice> {
    const folders = { "/bare/": BARE_PAGE, "/selvedge/": assets, "/models/": registry };
    const host = await MisbehavingHost.start(folders);
    const device = new WakingDevice(host, browser, await browser.tab(), name);
    await device.#fallAsleep();
    return device;
  }

  /** What is right, by an engine that was loaded as the one was that was written down. */
  get answers(): readonly string[] {
    return this.#answers;
  }

  async leave(): Promise<void> {
    await this.#browser.lookAt(this.#backstage);
    await this.#browser.closeTab();
    await this.#browser.lookAt(this.#front);
    await this.#browser.goto("about:blank");
    await this.host.close();
  }

  /** The image is there again, as it was made, and the host is right. */
  async sleepAgain(): Promise<void> {
    this.host.behave();
    await this.#browser.goto("about:blank");
    await this.backstage(async () => {
      window.closeImage?.();
      await device.putBack(window.asleep);
    });
  }

  /** Does something to what the device keeps. */
  async backstage<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    await this.#browser.lookAt(this.#backstage);
    const result = await this.#browser.run(work);
    await this.#browser.lookAt(this.#front);
    return result;
  }

  /** Opens the page anew, loads the model, and asks it a little. */
  async visit(): Promise<Visit> {
    await this.#open();
    await this.begin();
    return this.end();
  }

  /** Opens the page anew, and another in a tab of its own; both load the model at once. */
  async visitTwice(): Promise<readonly Visit[]> {
    await this.#open();
    const other = await this.#browser.openTab();
    await this.#open();
    await this.begin();
    await this.#browser.lookAt(this.#front);
    await this.begin();
    const first = await this.end();
    await this.#browser.lookAt(other);
    const second = await this.end();
    await this.#browser.closeTab();
    await this.#browser.lookAt(this.#front);
    return [first, second];
  }

  /** Begins to load, and leaves it to itself. */
  begin(): Promise<void> {
    const asked = { name: this.#name, count: ASKED };
    return this.#browser.run(({ name, count }) => {
      const work = async () => {
        const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
        window.model = await selvedge.load(name, { backend: "wasm" });
        const { start: opened } = window.model.info;
        return { opened, answers: await answersOf(window.model, 0, count) };
      };
      window.visiting = work();
      // Whoever waits for it is told.
      window.visiting.catch(() => undefined);
    }, asked);
  }

  /** Waits for what was begun. */
  end(): Promise<Visit> {
    return this.#browser.run(() => window.visiting);
  }

  /** What the model of this visit answers to some more inputs. */
  answersTo(from: number, until: number): Promise<string[]> {
    return this.#browser.run(({ from, until }) => answersOf(window.model, from, until), {
      from,
      until,
    });
  }

  /** How the engine came to be that this visit has now. */
  started(): Promise<EngineStart> {
    return this.#browser.run(() => window.model.info.start);
  }

  /** What is kept of images, and what is barred. */
  images(): Promise<ImageFound[]> {
    return this.backstage(() => device.images());
  }

  async #fallAsleep(): Promise<void> {
    await this.#open();
    this.#backstage = await this.#browser.openTab();
    await this.#open();
    await this.#browser.lookAt(this.#front);
    await this.visit();
    await this.#untilImageIsMade();
    await this.#browser.goto("about:blank");
    await this.backstage(async () => {
      window.asleep = await device.copyDevice();
      device.forgetHints();
    });
    this.#answers = (await this.visit()).answers;
    // What a model calls as it is loaded, proven and rehearsed is in the runtime that was fitted to it.
    expect(await this.backstage(() => Object.keys(localStorage))).not.toContain(
      `selvedge.load ${this.#name}`,
    );
    await this.sleepAgain();
  }

  /** Whether the device takes longer to load than to wake is a question of what else this machine does. */
  async #untilImageIsMade(): Promise<void> {
    const verdict = () => this.backstage(() => device.imageVerdict());
    for (let attempt = 1; ; attempt++) {
      await expect.poll(verdict, { timeout: MAKING_MS }).toBeTruthy();
      const { image, reason } = (await verdict()) ?? {};
      if (image === "made") {
        console.log(`${this.#browser.title}: ${reason}`);
        return;
      }
      if (image === "failed" || attempt === ATTEMPTS)
        throw new Error(`no image was made, as it is ${image}: ${reason}`);
      await this.backstage(() => device.forgetImages());
      await this.visit();
    }
  }

  async #open(): Promise<void> {
    await this.#browser.goto(`${this.host.url}/bare/waking.html`);
    await this.#browser.run(async () => {
      while (document.body?.dataset["ready"] !== "true")
        await new Promise((resolve) => setTimeout(resolve, 20));
    });
  }
}

declare global {
  /** What the page has begun to load. */
  var visiting: Promise<Visit>;
  /** The image as it was made, and all that belongs to it. */
  var asleep: DeviceCopy;
  /** Ends what keeps the image open. */
  var closeImage: (() => void) | undefined;
}

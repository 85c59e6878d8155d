import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import { type Command, type Send, WebDriver } from "./web-driver.ts";

const START_TIMEOUT_MS = 30_000;

/** Each command's method and path below the session. */
const ROUTES: Readonly<Record<Command, readonly [method: string, path: string]>> = {
  newSession: ["POST", ""],
  deleteSession: ["DELETE", ""],
  setTimeouts: ["POST", "/timeouts"],
  navigate: ["POST", "/url"],
  executeAsync: ["POST", "/execute/async"],
  newWindow: ["POST", "/window/new"],
  closeWindow: ["DELETE", "/window"],
  getWindow: ["GET", "/window"],
  switchToWindow: ["POST", "/window"],
};

/** Where the parts of WebKitGTK's test browser lie. */
export interface WebKitPlaces {
  readonly driver: string;
  readonly miniBrowser: string;
  readonly xvfb: string;
}

/** Starts WebKitGTK's MiniBrowser on a screen that nobody sees. */
export async function openWebKit(
  places: WebKitPlaces,
): Promise<{ browser: WebDriver; end: () => Promise<void> }> {
  const screen = spawn(places.xvfb, ["-displayfd", "3", "-screen", "0", "1280x800x24"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const started: ChildProcess[] = [screen];
  const end = async () => {
    for (const child of started.reverse()) await ended(child);
  };
  try {
    const port = await freePort();
    const driver = spawn(places.driver, [`--port=${port}`], {
      stdio: "ignore",
      env: {
        ...process.env,
        DISPLAY: `:${await displayOf(screen)}`,
        WEBKIT_DISABLE_COMPOSITING_MODE: "1",
        WEBKIT_DISABLE_DMABUF_RENDERER: "1",
        LIBGL_ALWAYS_SOFTWARE: "1",
      },
    });
    started.push(driver);
    const send = await speakHttp(`http://127.0.0.1:${port}`);
    const browser = await WebDriver.open(send, {
      browserName: "MiniBrowser",
      "webkitgtk:browserOptions": { binary: places.miniBrowser, args: ["--automation"] },
    });
    return {
      browser,
      end: async () => {
        await browser.close().catch(() => undefined);
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** W3C WebDriver as it is written down: JSON over HTTP. */
async function speakHttp(address: string): Promise<Send> {
  const until = Date.now() + START_TIMEOUT_MS;
  while (!(await fetch(`${address}/status`).catch(() => undefined))?.ok) {
    if (Date.now() > until) throw new Error("WebKitWebDriver did not start.");
    await setTimeout(50);
  }
  let session = `${address}/session`;
  return async (command, parameters) => {
    const [method, path] = ROUTES[command];
    const body = method === "POST" ? { body: JSON.stringify(parameters) } : {};
    const response = await fetch(session + path, { method, ...body });
    const { value } = (await response.json()) as {
      value: { sessionId?: string; message?: string };
    };
    if (!response.ok) throw new Error(`${command}: ${value.message}`);
    if (command === "newSession") session += `/${value.sessionId}`;
    return value;
  };
}

/** The number of the display that a screen took. */
function displayOf(screen: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    screen.once("error", reject);
    screen.stdio[3]?.on("data", (bytes: Buffer) => {
      text += bytes;
      if (text.endsWith("\n")) resolve(text.trim());
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("close", resolve));
  child.kill();
  await gone;
}

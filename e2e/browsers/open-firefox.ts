import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Command, type Send, WebDriver } from "./web-driver.ts";

/** What Marionette calls each command. */
const NAMES: Readonly<Record<Command, string>> = {
  newSession: "WebDriver:NewSession",
  deleteSession: "WebDriver:DeleteSession",
  setTimeouts: "WebDriver:SetTimeouts",
  navigate: "WebDriver:Navigate",
  executeAsync: "WebDriver:ExecuteAsyncScript",
  newWindow: "WebDriver:NewWindow",
  closeWindow: "WebDriver:CloseWindow",
  getWindow: "WebDriver:GetWindowHandle",
  switchToWindow: "WebDriver:SwitchToWindow",
};

const PREFERENCES = {
  // Any port that is free: Firefox writes down which it took.
  "marionette.port": 0,
  // WebGPU, which Firefox for Linux has, and does not show by itself; here on Mesa's software driver.
  "dom.webgpu.enabled": true,
  "dom.webgpu.workers.enabled": true,
  "gfx.webgpu.ignore-blocklist": true,
};

const START_TIMEOUT_MS = 60_000;

/**
 * Starts Firefox with a profile of its own. It is spoken to by Marionette, its own wire for WebDriver,
 * as geckodriver does: that is one socket, and needs no package.
 *
 * @see https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
 */
export async function openFirefox(
  binary: string,
): Promise<{ browser: WebDriver; end: () => Promise<void> }> {
  const profile = await mkdtemp(join(tmpdir(), "selvedge-firefox-"));
  const lines = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref("${name}", ${value});\n`,
  );
  await writeFile(join(profile, "user.js"), lines.join(""));
  const firefox = spawn(
    binary,
    ["--headless", "--no-remote", "--marionette", "--profile", profile],
    {
      stdio: "ignore",
      env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: "1" },
    },
  );
  const gone = new Promise<void>((resolve) => firefox.once("close", () => resolve()));
  const end = async () => {
    firefox.kill();
    await gone;
    await rm(profile, { recursive: true, force: true });
  };
  try {
    const port = await portOf(profile);
    const send = await speakMarionette(connect({ host: "127.0.0.1", port }));
    return { browser: await WebDriver.open(send, {}), end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** The port that Firefox took, which it writes into its profile. */
async function portOf(profile: string): Promise<number> {
  const until = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < until) {
    const port = await readFile(join(profile, "MarionetteActivePort"), "utf8").catch(() => "");
    if (port !== "") return Number(port);
    await setTimeout(50);
  }
  throw new Error(`Firefox did not start within ${START_TIMEOUT_MS / 1000} seconds.`);
}

/** Messages are `length:JSON`; a command is `[0, id, name, parameters]`, its answer `[1, id, error, result]`. */
async function speakMarionette(socket: Socket): Promise<Send> {
  const waiting = new Map<number, (error: { message: string } | null, result: unknown) => void>();
  let received: Buffer = Buffer.alloc(0);
  let greet: () => void = () => undefined;
  const greeted = new Promise<void>((resolve) => {
    greet = resolve;
  });
  socket.on("data", (bytes) => {
    received = Buffer.concat([received, bytes]);
    for (;;) {
      const colon = received.indexOf(":");
      const end = colon + 1 + Number(received.subarray(0, colon));
      if (colon === -1 || received.length < end) return;
      const message: unknown = JSON.parse(received.subarray(colon + 1, end).toString());
      received = received.subarray(end);
      if (!Array.isArray(message)) greet();
      else waiting.get(message[1])?.(message[2], message[3]);
    }
  });
  socket.on("close", () => {
    for (const answer of waiting.values()) answer({ message: "Firefox is gone" }, null);
  });
  socket.on("error", () => socket.destroy());
  await greeted;
  let last = 0;
  return (command, parameters) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, (error, result) => {
        waiting.delete(id);
        if (error !== null) reject(new Error(`${command}: ${error.message}`));
        else resolve(unwrap(result));
      });
      // Marionette takes capabilities as they were before W3C put them under a name.
      const body = JSON.stringify([
        0,
        id,
        NAMES[command],
        command === "newSession" ? {} : parameters,
      ]);
      socket.write(`${Buffer.byteLength(body)}:${body}`);
    });
}

/** A result that is no object comes as `{value}`. */
function unwrap(result: unknown): unknown {
  return typeof result === "object" && result !== null && "value" in result ? result.value : result;
}

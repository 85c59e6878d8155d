// What a runtime asks of its surroundings, and keeps in its memory: times, the time zone, the number of
// processors, its language, and the program it runs in. An image of it holds the same on every machine.
import os from "node:os";

/** Noon of 1 January 2024, in milliseconds. */
const NOW = Date.UTC(2024, 0, 1, 12);

/** Holds still what a runtime that starts in this thread from now on can see of the machine. */
export function holdStill() {
  const RunningDate = Date;
  class StillDate extends RunningDate {
    constructor(...parts) {
      super(...(parts.length === 0 ? [NOW] : parts));
    }
    static now() {
      return NOW;
    }
    getTimezoneOffset() {
      return 0;
    }
  }
  const define = (name, value) =>
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  define("Date", StillDate);
  define("performance", { timeOrigin: NOW, now: () => 0 });
  define("navigator", undefined);
  os.cpus = () => [{}];
  process.argv[1] = "./this.program";
}

/** Hands the package, and what it keeps on the device, to the tests of waking. */
import * as selvedge from "selvedge";
import * as ask from "./ask.ts";
import * as device from "./device.ts";

Object.assign(globalThis, { selvedgeModule: selvedge, device, ...ask });
document.body.dataset["ready"] = "true";

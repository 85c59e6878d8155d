/** Hands the package to the tests that drive this page from outside. */
import * as selvedge from "selvedge";
import { blankLine } from "./blank-line.ts";

Object.assign(globalThis, { selvedgeModule: selvedge, blankLine });
document.body.dataset["ready"] = "true";

/** Hands the package to the tests that drive this page from outside. */
import * as selvedge from "selvedge";

Object.assign(globalThis, { selvedgeModule: selvedge });
document.body.dataset["ready"] = "true";

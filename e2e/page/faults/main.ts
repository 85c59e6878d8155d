/** Hands the package to the tests of faults, with engines that do as they are ordered. */
import * as selvedge from "selvedge";
import { blankLine } from "../blank-line.ts";
import { FaultyEngines } from "./faulty-engines.ts";
import * as questions from "./questions.ts";

const engines = new FaultyEngines();

function openSelvedge(): selvedge.Selvedge {
  return selvedge.createSelvedge({ registry: "/models", workers: { engine: engines.spawn } });
}

const given = { selvedgeModule: selvedge, blankLine, engines, openSelvedge };
Object.assign(globalThis, { ...given, ...questions });
document.body.dataset["ready"] = "true";

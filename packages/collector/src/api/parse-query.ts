import { isModelName, isVersion, SelvedgeError } from "@selvedge/protocol";
import type { DriftQuestion } from "../analysis/drift/measure-drift.ts";
import type { SteppedWindow, Window } from "../store/store.ts";

const HOUR_MS = 60 * 60 * 1000;
const WEEK_MS = 7 * 24 * HOUR_MS;
const DEFAULT_STEPS = 60;
const MINUTE_MS = 60_000;

/**
 * Steps that are chosen where none is asked for: rollups come in one, five and sixty minutes, and a step
 * that one of them divides is answered from few rows.
 */
const USUAL_STEPS_MS = [
  ...[1_000, 5_000, 15_000, 30_000],
  ...[1, 5, 10, 20, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12, 24].map((hours) => hours * HOUR_MS),
];
/** One less than may be answered: a window may be made to begin with a whole step. */
const MAX_STEPS = 999;

/** Milliseconds since 1970 beyond which JavaScript has no dates. */
const MAX_TIME_MS = 8_640_000_000_000_000;

type Query = Readonly<Record<string, string>>;

/**
 * Reads `from`, `to` and `model` of a question.
 *
 * @param defaultFromMs how the window begins where `from` is absent, given its end
 * @throws SelvedgeError `options-invalid` naming the parameter that is wrong.
 */
export function parseWindow(
  query: Query,
  nowMs: number,
  defaultFromMs: (toMs: number) => number = (toMs) => toMs - HOUR_MS,
): Window {
  // A point of this very millisecond belongs to the window that ends now.
  const to = wholeNumber(query, "to", MAX_TIME_MS) ?? nowMs + 1;
  const from = wholeNumber(query, "from", MAX_TIME_MS) ?? Math.max(0, defaultFromMs(to));
  if (from >= to) fail("from", "a time before to");
  const model = query["model"];
  if (model !== undefined && !isModelName(model)) fail("model", "the name of a model");
  return { from, to, model };
}

/**
 * Reads `from`, `to`, `step` and `model` of a question. Without `step` there are 60 or fewer.
 *
 * @throws SelvedgeError `options-invalid` naming the parameter that is wrong.
 */
export function parseSteppedWindow(query: Query, nowMs: number): SteppedWindow {
  const window = parseWindow(query, nowMs);
  const lengthMs = window.to - window.from;
  const stepMs = wholeNumber(query, "step", MAX_TIME_MS) ?? usualStep(lengthMs);
  if (stepMs < 1) fail("step", "at least 1 millisecond");
  if (lengthMs / stepMs > MAX_STEPS)
    fail("step", `at least ${Math.ceil(lengthMs / MAX_STEPS)} milliseconds for this window`);
  // A window of the collector's choosing begins with a whole step, so that a chart that is asked
  // for again does not wobble.
  const isChosen = query["from"] === undefined;
  const from = isChosen ? window.from - (window.from % stepMs) : window.from;
  return { ...window, from, stepMs };
}

/** The shortest usual step that makes no more than about sixty; of very long windows, whole days. */
function usualStep(lengthMs: number): number {
  // What ends now ends a millisecond after it.
  const least = Math.floor(lengthMs / DEFAULT_STEPS);
  const day = 24 * HOUR_MS;
  const usual = USUAL_STEPS_MS.find((step) => step >= least) ?? Math.ceil(least / day) * day;
  return Math.min(usual, Math.max(lengthMs, 1));
}

/**
 * Reads a question about drift: `model` and `version`, and of the last week unless it says otherwise.
 *
 * @throws SelvedgeError `options-invalid` naming the parameter that is wrong.
 */
export function parseDrift(query: Query, nowMs: number): DriftQuestion {
  const { from, to } = parseWindow(query, nowMs, (end) => end - WEEK_MS);
  const baseline = query["baseline"] ?? "reference";
  if (baseline !== "reference" && baseline !== "previous")
    fail("baseline", "reference or previous");
  return { model: modelOf(query), version: versionOf(query, "version"), baseline, from, to };
}

/**
 * Reads a question about two versions, `a` and `b`, of `model`.
 *
 * @throws SelvedgeError `options-invalid` naming the parameter that is wrong.
 */
export function parseComparison(
  query: Query,
  nowMs: number,
): Window & { readonly model: string; readonly a: string; readonly b: string } {
  const { from, to } = parseWindow(query, nowMs);
  const [a, b] = [versionOf(query, "a"), versionOf(query, "b")];
  return { from, to, model: modelOf(query), a, b };
}

/** The longest an id may be; longer ones are not stored. */
const MAX_ID_CHARS = 128;

/**
 * Reads the id of a prediction.
 *
 * @throws SelvedgeError `options-invalid` where it cannot be one.
 */
export function parsePredictionId(id: string): string {
  return id.length <= MAX_ID_CHARS ? id : fail("id", "the id of a prediction");
}

function modelOf(query: Query): string {
  const model = query["model"] ?? "";
  return isModelName(model) ? model : fail("model", "the name of a model");
}

function versionOf(query: Query, name: string): string {
  const version = query[name] ?? "";
  return isVersion(version) ? version : fail(name, "a version");
}

function wholeNumber(query: Query, name: string, max: number): number | undefined {
  const text = query[name];
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return value <= max ? value : fail(name, "a whole number of milliseconds");
}

function fail(name: string, expected: string): never {
  throw new SelvedgeError("options-invalid", `${name}: expected ${expected}.`, {
    detail: { field: name },
  });
}

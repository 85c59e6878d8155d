import { SelvedgeError } from "@selvedge/protocol";

/** What an object that should be a `T` may turn out to be. */
export type Untrusted<T> = { readonly [key in keyof T]?: unknown };

/** Numbers beyond these come from a broken or a hostile sender. */
const EARLIEST_MS = Date.UTC(2020, 0, 1);
const CLOCK_AHEAD_MS = 24 * 60 * 60 * 1000;

/**
 * Reads a value as an object whose fields are still to be checked.
 *
 * @throws SelvedgeError `telemetry-invalid` when it is no object.
 */
export function objectAt<T>(value: unknown, path: string): Untrusted<T> {
  if (!isObject<T>(value))
    throw new SelvedgeError("telemetry-invalid", `${path}: expected an object. ${SEE_OTLP}`);
  return value;
}

/** Whether a value is an object whose fields are still to be checked. */
export function isObject<T>(value: unknown): value is Untrusted<T> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads a value as a list; an absent one is empty, as in protobuf.
 *
 * @throws SelvedgeError `telemetry-invalid` when it is something else.
 */
export function listAt(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value))
    throw new SelvedgeError("telemetry-invalid", `${path}: expected a list. ${SEE_OTLP}`);
  return value;
}

const SEE_OTLP = "Send a request of OTLP to the address of its signal.";

/** A 64-bit integer that is a count, from digits or a number; `undefined` if it is none. */
export function toCount(value: unknown, max: number): number | undefined {
  const count = typeof value === "string" ? fromDigits(value) : value;
  return typeof count === "number" && Number.isInteger(count) && count >= 0 && count <= max
    ? count
    : undefined;
}

const MAX_DIGITS = 20;
const ZERO = 48;

/** The number that digits say, and nothing but digits; `undefined` otherwise. */
function fromDigits(text: string): number | undefined {
  if (text.length === 0 || text.length > MAX_DIGITS) return undefined;
  let number = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number;
}

/** Milliseconds from OTLP's nanoseconds; `undefined` where the time is absent or absurd. */
export function toTimeMs(value: unknown, nowMs: number): number | undefined {
  let timeMs: number;
  if (typeof value === "string" && /^\d{7,20}$/.test(value)) timeMs = Number(value.slice(0, -6));
  else if (typeof value === "number") timeMs = Math.floor(value / 1e6);
  else return undefined;
  return timeMs >= EARLIEST_MS && timeMs <= nowMs + CLOCK_AHEAD_MS ? timeMs : undefined;
}

/** Nanoseconds of a time whose milliseconds make sense. */
export function toNanos(value: string | number): bigint {
  return typeof value === "string" ? BigInt(value) : BigInt(Math.floor(value));
}

/** An id of so many hex digits, in lower case; `undefined` where it is absent, none, or all zeros. */
export function toHexId(value: unknown, digits: number): string | undefined {
  if (typeof value !== "string" || value.length !== digits) return undefined;
  return /^[\da-f]+$/i.test(value) && !/^0+$/.test(value) ? value.toLowerCase() : undefined;
}

/** A number that has a value; `undefined` for everything else. */
export function toFinite(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

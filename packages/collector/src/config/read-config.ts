import { readFile } from "node:fs/promises";
import { Field, SelvedgeError } from "@selvedge/protocol";
import { readAlerts } from "../alerts/read-alerts.ts";
import { type CollectorConfig, DEFAULT_CONFIG } from "./collector-config.ts";
import { expectKnownKeys } from "./known-keys.ts";
import { readCors } from "./read-cors.ts";
import { readLimits } from "./read-limits.ts";
import { readPublicKeys } from "./read-public-keys.ts";
import { readRetention } from "./read-retention.ts";
import { readRoom } from "./read-room.ts";
import { readTokens } from "./read-tokens.ts";

/** What reads each section of the file; the rooms that use one bring their own. */
const SECTIONS: {
  readonly [name in keyof CollectorConfig]: (field: Field) => CollectorConfig[name];
} = {
  tokens: readTokens,
  limits: readLimits,
  cors: readCors,
  retention: readRetention,
  store: readRoom,
  alerts: readAlerts,
  publicKeys: readPublicKeys,
};

/**
 * Reads a collector's config file: JSON, with the sections of `CollectorConfig`, each of which may be
 * left out.
 *
 * @throws SelvedgeError `options-invalid` where the file cannot be read, is no JSON, or has a field
 * that is wrong or unknown; the message names it.
 */
export async function readConfig(file: string): Promise<CollectorConfig> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw invalid(`The config file ${file} cannot be read. Check its path and permissions.`, cause);
  }
  return parseConfig(text, file);
}

/** Reads the text of a config file; `name` is what to call it in errors. */
export function parseConfig(text: string, name: string): CollectorConfig {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw invalid(`The config file ${name} is not JSON: correct it ${placeOf(cause)}.`);
  }
  const root = Field.fromJson(text, name, "options-invalid");
  expectKnownKeys(root, Object.keys(SECTIONS));
  const section = <name extends keyof CollectorConfig>(name: name): CollectorConfig[name] =>
    root.at(name).optional(SECTIONS[name]) ?? DEFAULT_CONFIG[name];
  return {
    tokens: section("tokens"),
    limits: section("limits"),
    cors: section("cors"),
    retention: section("retention"),
    store: section("store"),
    alerts: section("alerts"),
    publicKeys: section("publicKeys"),
  };
}

/** Where V8 stumbled, without the text that it quotes and that may hold tokens. */
function placeOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : "";
  return /at position \d+/.exec(message)?.[0] ?? "at its end, or with its first character";
}

function invalid(message: string, cause?: unknown): SelvedgeError {
  return new SelvedgeError("options-invalid", message, cause === undefined ? {} : { cause });
}

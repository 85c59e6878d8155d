import { parseDocument } from "yaml";
import { isRecord } from "../is-record.ts";

/** What model hubs call licences, where SPDX has them too. */
const LICENSES = [
  "Apache-2.0",
  "MIT",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "CC-BY-4.0",
  "CC-BY-SA-4.0",
  "CC-BY-NC-4.0",
  "CC-BY-NC-SA-4.0",
] as const;

/**
 * The licence that the front matter of a model's README names, as an SPDX expression.
 *
 * @returns `undefined` where it names none, or one that SPDX does not know
 */
export function readmeLicense(readme: string): string | undefined {
  const [, matter] = /^---\r?\n(.*?)\r?\n---\r?\n/s.exec(readme) ?? [];
  if (matter === undefined) return undefined;
  try {
    const document: unknown = parseDocument(matter, {
      schema: "core",
      resolveKnownTags: false,
      uniqueKeys: false,
      logLevel: "silent",
    }).toJS({ maxAliasCount: 100 });
    const named = isRecord(document) ? document["license"] : undefined;
    return typeof named === "string"
      ? LICENSES.find((license) => license.toLowerCase() === named.toLowerCase())
      : undefined;
  } catch {
    // A README is for people; what a machine cannot read in it says nothing.
    return undefined;
  }
}

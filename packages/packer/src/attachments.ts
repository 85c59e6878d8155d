import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { isFileName, SelvedgeError } from "@selvedge/protocol";
import type { Attachment } from "./assemble-pack.ts";

/** What lies beside a model, but for what the caller gives under the same name. */
export function withOwn(beside: readonly Attachment[], own: readonly Attachment[]): Attachment[] {
  return [...beside.filter(({ name }) => own.every((other) => other.name !== name)), ...own];
}

/**
 * Reads the files that are to travel with a model.
 *
 * @throws SelvedgeError `not-found`, or `options-invalid` for names that no pack can carry.
 */
export async function readAttachments(paths: readonly string[]): Promise<Attachment[]> {
  const attachments: Attachment[] = [];
  for (const path of paths) {
    const name = basename(path);
    if (!isFileName(name))
      throw new SelvedgeError(
        "options-invalid",
        `Attachment ${path}: a pack cannot carry a file of this name. Rename it to letters, digits, spaces, ".", "+" and "-".`,
      );
    if (attachments.some((attachment) => attachment.name === name))
      throw new SelvedgeError(
        "options-invalid",
        `Attachment ${path}: another one is called ${name} too. Rename one of them.`,
      );
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw new SelvedgeError("not-found", `Attachment ${path}: cannot be read. Check the path.`, {
        cause,
      });
    });
    attachments.push({ name, bytes });
  }
  return attachments;
}

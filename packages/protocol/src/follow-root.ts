import { parseNextRoot, parseRoot, type RootDocument } from "./root-document.ts";
import { SelvedgeError } from "./selvedge-error.ts";

/** Hand-overs are looked for one by one, and a document can claim any version. */
const MOST_STEPS = 100;

/**
 * Reads a root document that follows from one that is trusted already, by way of the documents in
 * between with which root keys handed over to the next (TUF 5.3).
 *
 * @param newest the text of the document that is to be trusted
 * @param options.link the text of a version that handed over; `undefined` where that one did not
 * @throws SelvedgeError `root-invalid` or `signature-invalid`, naming the document that does not follow.
 */
export async function followRoot(
  newest: string,
  {
    trusted: first,
    link,
    document = "root document",
  }: {
    trusted: RootDocument;
    link: (version: number) => Promise<{ text: string; document: string } | undefined>;
    document?: string;
  },
): Promise<RootDocument> {
  let trusted = first;
  const { version } = await parseRoot(newest, document);
  if (version > trusted.version) {
    // Where no root key was rotated meanwhile, there is nothing in between to ask for.
    const direct = await parseNextRoot(newest, trusted, document).catch(() => undefined);
    if (direct !== undefined) return direct;
  }
  if (version - trusted.version > MOST_STEPS)
    throw new SelvedgeError(
      "root-invalid",
      `${document}: version ${version} is more than ${MOST_STEPS} versions from version ${trusted.version}, which is trusted. Hand out a newer one by the way the first was handed out.`,
    );
  for (let step = trusted.version + 1; step < version; step++) {
    const between = await link(step);
    if (between !== undefined)
      trusted = await parseNextRoot(between.text, trusted, between.document);
  }
  return await parseNextRoot(newest, trusted, document);
}

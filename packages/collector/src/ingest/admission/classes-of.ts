import { FEEDBACK } from "@selvedge/protocol";

/** The classes that the attributes of feedback name, as they are stored. */
export function classesOf(attributes: string): string[] {
  if (attributes === "") return [];
  const said: Readonly<Record<string, unknown>> = JSON.parse(attributes);
  return [said[FEEDBACK.predicted], said[FEEDBACK.label]].filter(
    (name) => typeof name === "string",
  );
}

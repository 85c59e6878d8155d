import { IMAGE_CHOICES, type ImageChoice } from "@selvedge/packer";
import { UsageError } from "./command-line.ts";

/** Reads `--images auto`. @throws UsageError for what is no choice */
export function readImageChoice(text: string | undefined): ImageChoice | undefined {
  if (text === undefined) return undefined;
  const choice = IMAGE_CHOICES.find((known) => known === text);
  if (choice !== undefined) return choice;
  throw new UsageError(`--images ${text}: use one of ${IMAGE_CHOICES.join(", ")}`);
}

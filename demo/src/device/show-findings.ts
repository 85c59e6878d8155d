import type { Diagnosis } from "selvedge";
import { element } from "../ui/element.ts";
import { make } from "../ui/make.ts";

const LEVELS = { fault: "Fault", hint: "Note" } as const;

/** Says in a sentence whether something is wrong, and below it what. */
export function showFindings({ findings }: Pick<Diagnosis, "findings">): void {
  const verdict = element("verdict", HTMLElement);
  const faults = findings.filter(({ level }) => level === "fault").length;
  verdict.dataset["state"] = faults === 0 ? "sound" : "error";
  const sentence = element("verdict-text", HTMLElement);
  const next = sentenceOf(faults);
  // What has not changed is not read out again.
  if (sentence.textContent !== next) sentence.textContent = next;
  element("findings", HTMLUListElement).replaceChildren(
    ...findings.map(({ level, message }) => {
      const item = make("li", "finding", make("strong", "", LEVELS[level]), make("p", "", message));
      item.dataset["level"] = level;
      return item;
    }),
  );
}

function sentenceOf(faults: number): string {
  if (faults === 0) return "Nothing is wrong here";
  return faults === 1 ? "One thing is wrong here" : `${faults} things are wrong here`;
}

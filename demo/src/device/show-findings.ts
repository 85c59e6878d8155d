import type { Diagnosis } from "selvedge";
import { element } from "../ui/element.ts";
import { make } from "../ui/make.ts";
import type { Problem } from "../ui/problem.ts";

const LEVELS = { fault: "Fault", hint: "Note" } as const;

/** Says that the device could not be looked at, and why. */
export function showProblem({ title, advice }: Problem): void {
  say("error", `${title} ${advice}`);
}

/** Says in a sentence whether something is wrong, and below it what. */
export function showFindings({ findings }: Pick<Diagnosis, "findings">): void {
  const faults = findings.filter(({ level }) => level === "fault").length;
  say(faults === 0 ? "sound" : "error", sentenceOf(faults));
  element("findings", HTMLUListElement).replaceChildren(
    ...findings.map(({ level, message }) => {
      const item = make("li", "finding", make("strong", "", LEVELS[level]), make("p", "", message));
      item.dataset["level"] = level;
      return item;
    }),
  );
}

function say(state: "sound" | "error", text: string): void {
  element("verdict", HTMLElement).dataset["state"] = state;
  const sentence = element("verdict-text", HTMLElement);
  // What has not changed is not read out again.
  if (sentence.textContent !== text) sentence.textContent = text;
}

function sentenceOf(faults: number): string {
  if (faults === 0) return "Nothing is wrong here";
  return faults === 1 ? "One thing is wrong here" : `${faults} things are wrong here`;
}

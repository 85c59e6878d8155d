import { make } from "./make.ts";
import { told } from "./told.ts";

/** Says whether an answer was right. @returns whether that is counted */
export type Judge = (isRight: boolean) => Promise<boolean>;

/** Two buttons that ask whether an answer is right, and say what became of what was pressed. */
export function judging(what: string, judge: Judge): HTMLElement {
  const note = make("span", "judged");
  note.setAttribute("role", "status");
  const buttons = [judgeButton("✓", "Right"), judgeButton("✗", "Wrong")];
  const group = make("span", "judging", ...buttons, note);
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", `Is ${what} right?`);

  for (const [index, button] of buttons.entries())
    button.addEventListener("click", async () => {
      // The first truth counts, and no other.
      if (group.dataset["judged"] !== undefined) return;
      group.dataset["judged"] = index === 0 ? "right" : "wrong";
      button.setAttribute("aria-pressed", "true");
      for (const other of buttons) other.hidden = other !== button;
      const { text, reason = "" } = await told(judge(index === 0));
      note.textContent = text;
      note.title = reason;
    });
  return group;
}

function judgeButton(sign: string, label: string): HTMLButtonElement {
  const button = make("button", "judge", sign);
  button.type = "button";
  button.title = label;
  button.setAttribute("aria-label", label);
  return button;
}

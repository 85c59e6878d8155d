import type { Diagnosis } from "selvedge";
import { element } from "../ui/element.ts";

const SAID_FOR_MS = 2_000;

/** The report as text, and the button that copies it. */
export function createReportCopy(): { show(diagnosis: Diagnosis): void } {
  const text = element("report-text", HTMLPreElement);
  const details = element("report", HTMLDetailsElement);
  const button = element("copy", HTMLButtonElement);
  const offer = button.textContent ?? "";
  // It scrolls, so the keyboard has to reach it.
  text.tabIndex = 0;

  button.addEventListener("click", () => {
    copy(text.textContent ?? "").then(
      () => say("Copied"),
      () => {
        // Where the clipboard is refused, it is there to be copied by hand.
        details.open = true;
        getSelection()?.selectAllChildren(text);
        text.focus();
        say("Selected below");
      },
    );
  });

  const say = (what: string) => {
    button.textContent = what;
    setTimeout(() => {
      button.textContent = offer;
    }, SAID_FOR_MS);
  };

  return {
    show(diagnosis) {
      text.textContent = String(diagnosis);
      button.disabled = false;
    },
  };
}

/** Browsers without a clipboard throw before there is a promise. */
async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}

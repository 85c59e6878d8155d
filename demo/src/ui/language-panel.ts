import type { LanguageGuess, LanguageIdentifier } from "../language/identify-language.ts";
import { normalized } from "../language/ngram-features.ts";
import { element } from "./element.ts";
import { createTruthQuestion } from "./language-truth.ts";
import { formatShare } from "./quantities.ts";

const SHOWN = 3;

function rowOf({ name, probability }: LanguageGuess): HTMLElement {
  const label = document.createElement("span");
  label.textContent = name;
  const bar = document.createElement("meter");
  bar.value = probability;
  bar.setAttribute("aria-hidden", "true");
  const share = document.createElement("b");
  share.textContent = formatShare(probability);
  const row = document.createElement("li");
  row.append(label, bar, share);
  return row;
}

/** Names the language of what is typed, as it is typed. */
export function createLanguagePanel(onFailure: (error: unknown, again: () => void) => void): {
  /** Gives the panel its model; what was typed before is named at once. */
  useIdentifier(identifier: LanguageIdentifier): void;
} {
  const typed = element("typed", HTMLTextAreaElement);
  const guesses = element("guesses", HTMLOListElement);
  const truth = createTruthQuestion();
  let identifier: LanguageIdentifier | undefined;
  let isNaming = false;

  const name = async () => {
    if (identifier === undefined || isNaming) return;
    isNaming = true;
    try {
      // Keys pressed meanwhile are answered together, by one more round.
      for (let text: string | undefined; text !== typed.value; ) {
        text = typed.value;
        const hasLetters = normalized(text).trim() !== "";
        const found = hasLetters ? await identifier.identify(text, SHOWN) : undefined;
        guesses.replaceChildren(...(found?.guesses ?? []).map(rowOf));
        truth.ask(found);
      }
    } catch (error) {
      onFailure(error, () => void name());
    } finally {
      isNaming = false;
    }
  };

  typed.addEventListener("input", () => void name());
  return {
    useIdentifier(ready) {
      identifier = ready;
      truth.offer(ready.languages);
      void name();
    },
  };
}

import type { Identified, Language, LanguageTruth } from "../language/identify-language.ts";
import { element } from "./element.ts";
import { told } from "./told.ts";

/** Asks which language a text was really in, once it has been named. */
export interface TruthQuestion {
  /** The languages that there are to choose from. */
  offer(languages: readonly Language[]): void;
  /** Asks of the newest answer; nothing where there is none. */
  ask(identified: Identified | undefined): void;
}

/** In the list, for a language that is not in it. */
const ANOTHER = "another";

export function createTruthQuestion(): TruthQuestion {
  const box = element("truth", HTMLElement);
  const question = element("truth-question", HTMLElement);
  const right = element("truth-right", HTMLButtonElement);
  const others = element("truth-other", HTMLSelectElement);
  const note = element("truth-told", HTMLElement);
  let asked: Identified | undefined;

  const tell = async (truth: LanguageTruth) => {
    const answered = asked;
    if (answered === undefined) return;
    right.disabled = true;
    others.disabled = true;
    const { text, reason = "" } = await told(answered.tell(truth));
    // Another text has been named meanwhile, which is another question.
    if (asked !== answered) return;
    note.textContent = text;
    note.title = reason;
  };

  right.addEventListener("click", () => {
    const [best] = asked?.guesses ?? [];
    if (best !== undefined) void tell({ label: best.label });
  });
  others.addEventListener("change", () => {
    if (others.value === "") return;
    void tell(others.value === ANOTHER ? { correct: false } : { label: Number(others.value) });
  });

  return {
    offer(languages) {
      const options = languages.map(({ name, label }) => new Option(name, String(label)));
      const first = new Option("No, it is …", "");
      others.replaceChildren(first, ...options, new Option("another language", ANOTHER));
    },
    ask(identified) {
      asked = identified;
      const [best] = identified?.guesses ?? [];
      box.hidden = best === undefined;
      question.textContent = best === undefined ? "" : `Is it ${best.name}?`;
      right.disabled = false;
      others.disabled = false;
      others.value = "";
      note.textContent = "";
    },
  };
}

import type { LanguageGuess } from "../language/identify-language.ts";
import { element } from "./element.ts";
import { type Judge, judging } from "./judging.ts";
import { formatShare } from "./quantities.ts";

/** The lines beside the picture, each known by the number of its box. */
export interface LineList {
  add(index: number, text: string, judge: Judge): void;
  name(index: number, language: LanguageGuess): void;
  light(index: number | undefined): void;
  focus(index: number): void;
  clear(hint: string): void;
}

interface Row {
  readonly button: HTMLButtonElement;
  readonly text: HTMLElement;
  readonly note: HTMLElement;
}

async function copy(text: string, note: HTMLElement): Promise<void> {
  const before = note.textContent;
  try {
    await navigator.clipboard.writeText(text);
    note.textContent = "Copied";
  } catch {
    note.textContent = "This browser does not let the page copy";
  }
  setTimeout(() => {
    note.textContent = before;
  }, 1400);
}

export function createLineList(events: { onPoint(index: number | undefined): void }): LineList {
  const list = element("lines", HTMLOListElement);
  const hint = element("lines-hint", HTMLElement);
  const rows = new Map<number, Row>();

  return {
    add(index, line, judge) {
      hint.hidden = true;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "line";
      button.title = "Copy this line";
      const text = document.createElement("span");
      text.className = "line-text";
      text.dataset["testid"] = "line-text";
      text.textContent = line;
      const note = document.createElement("span");
      note.className = "line-note";
      button.append(text, note);
      button.addEventListener("pointerenter", () => events.onPoint(index));
      button.addEventListener("pointerleave", () => events.onPoint(undefined));
      button.addEventListener("focus", () => events.onPoint(index));
      button.addEventListener("blur", () => events.onPoint(undefined));
      button.addEventListener("click", () => void copy(line, note));
      const item = document.createElement("li");
      item.append(button, judging(`“${line}”`, judge));
      list.append(item);
      rows.set(index, { button, text, note });
    },
    name(index, { name, tag, probability }) {
      const row = rows.get(index);
      if (row === undefined) return;
      row.text.lang = tag;
      row.note.textContent = `${name} ${formatShare(probability)}`;
    },
    light(index) {
      for (const [key, { button }] of rows) {
        button.toggleAttribute("data-lit", key === index);
        if (key === index) button.scrollIntoView({ block: "nearest" });
      }
    },
    focus: (index) => rows.get(index)?.button.focus(),
    clear(sentence) {
      list.replaceChildren();
      rows.clear();
      hint.textContent = sentence;
      hint.hidden = sentence === "";
    },
  };
}

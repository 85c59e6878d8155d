import { element } from "./element.ts";
import { formatBytes } from "./quantities.ts";

const KEPT = 50;

/** The drawer that shows what telemetry left the device, word for word. */
export interface SentDrawer {
  /** A model gave an answer, which telemetry will count. */
  count(model: string): void;
  /** A batch was sent, exactly like this. */
  add(batch: unknown): void;
}

export function createSentDrawer(models: readonly string[], onOpen: () => void): SentDrawer {
  const drawer = element("sent", HTMLDialogElement);
  const list = element("batches", HTMLOListElement);
  const none = element("sent-none", HTMLElement);
  const open = element("open-sent", HTMLButtonElement);
  const tally = element("answers", HTMLElement);
  const answers = new Map(models.map((model) => [model, 0]));
  let sent = 0;

  open.addEventListener("click", () => {
    drawer.showModal();
    onOpen();
  });
  drawer.addEventListener("click", (event) => {
    if (event.target === drawer) drawer.close();
  });

  const showAnswers = () => {
    tally.dataset["predictions"] = JSON.stringify(Object.fromEntries(answers));
    const each = [...answers].map(([model, count]) => `${count} by ${model}`);
    tally.textContent = `Answers given on this visit: ${each.join(", ")}.`;
  };
  showAnswers();

  return {
    count(model) {
      answers.set(model, (answers.get(model) ?? 0) + 1);
      showAnswers();
    },
    add(batch) {
      sent += 1;
      none.hidden = true;
      open.textContent = `What was sent (${sent})`;
      const body = document.createElement("pre");
      body.tabIndex = 0;
      body.textContent = JSON.stringify(batch, null, 2);
      const summary = document.createElement("summary");
      const bytes = new TextEncoder().encode(JSON.stringify(batch)).byteLength;
      summary.textContent = `${new Date().toLocaleTimeString()}, ${formatBytes(bytes)} before gzip`;
      const details = document.createElement("details");
      details.open = sent === 1;
      details.append(summary, body);
      const item = document.createElement("li");
      item.append(details);
      list.prepend(item);
      if (list.children.length > KEPT) list.lastElementChild?.remove();
    },
  };
}

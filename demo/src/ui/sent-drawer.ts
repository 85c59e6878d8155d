import { element } from "./element.ts";
import { formatBytes } from "./quantities.ts";

const KEPT = 50;

/** The drawer that shows what telemetry left the device, word for word. */
export function createSentDrawer(onOpen: () => void): { add(batch: unknown): void } {
  const drawer = element("sent", HTMLDialogElement);
  const list = element("batches", HTMLOListElement);
  const none = element("sent-none", HTMLElement);
  const open = element("open-sent", HTMLButtonElement);
  let sent = 0;

  open.addEventListener("click", () => {
    drawer.showModal();
    onOpen();
  });
  drawer.addEventListener("click", (event) => {
    if (event.target === drawer) drawer.close();
  });

  return {
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

import type { ComponentChildren, JSX } from "preact";

interface PanelProps {
  /** Unique in the page; also the panel's address, after a `#`. */
  readonly id: string;
  readonly title: string;
  readonly note?: ComponentChildren;
  readonly controls?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Panel({ id, title, note, controls, children }: PanelProps): JSX.Element {
  return (
    <section class="panel" id={id} aria-labelledby={`${id}-title`}>
      <header class="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {note !== undefined && <p class="panel-note">{note}</p>}
        {controls}
      </header>
      {children}
    </section>
  );
}

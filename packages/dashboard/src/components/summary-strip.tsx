import type { ComponentChildren, JSX } from "preact";

interface Figure {
  readonly name: string;
  readonly value: ComponentChildren;
  readonly note: ComponentChildren;
  /** Whether somebody has to look at it. */
  readonly isAlarming?: boolean;
}

interface SummaryStripProps {
  /** What a screen reader calls it. */
  readonly label: string;
  readonly figures: readonly Figure[];
}

/** The few figures one looks for first. */
export function SummaryStrip({ label, figures }: SummaryStripProps): JSX.Element {
  return (
    <dl class="summary" aria-label={label}>
      {figures.map(({ name, value, note, isAlarming = false }) => (
        <div key={name} data-alarming={isAlarming}>
          <dt>{name}</dt>
          <dd class="figure">{value}</dd>
          <dd class="figure-note">{note}</dd>
        </div>
      ))}
    </dl>
  );
}

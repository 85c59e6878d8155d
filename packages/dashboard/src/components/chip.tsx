import type { ComponentChildren, JSX } from "preact";
import type { Tone } from "./tone.ts";

interface ChipProps {
  readonly tone: Tone;
  readonly children: ComponentChildren;
}

// Each a shape of its own, for those who cannot tell the colours apart.
const MARKS: Readonly<Record<Tone, JSX.Element>> = {
  good: <circle cx="5" cy="5" r="3.5" />,
  bad: <path d="M5 1 9.5 9h-9z" />,
  warn: <path d="M5 .5 9.5 5 5 9.5.5 5z" />,
  quiet: <circle class="hollow" cx="5" cy="5" r="3" />,
};

/** A verdict in a word or two. */
export function Chip({ tone, children }: ChipProps): JSX.Element {
  return (
    <span class="chip" data-tone={tone}>
      <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
        {MARKS[tone]}
      </svg>
      {children}
    </span>
  );
}

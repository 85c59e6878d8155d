import type { JSX } from "preact";
import { Name } from "./name.tsx";

interface LabelsProps {
  readonly labels: Readonly<Record<string, string>>;
}

/** What an alert is about: `model rec`, `version 1.2.0`. */
export function Labels({ labels }: LabelsProps): JSX.Element {
  const entries = Object.entries(labels);
  if (entries.length === 0) return <span class="faint">everything</span>;
  return (
    <span class="labels">
      {entries.map(([name, value]) => (
        <span key={name} class="label">
          <span class="faint">{name}</span> <Name>{value}</Name>
        </span>
      ))}
    </span>
  );
}

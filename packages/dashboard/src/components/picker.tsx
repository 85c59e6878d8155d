import type { JSX } from "preact";

interface PickerProps {
  readonly label: string;
  /** What is offered first, for no choice; `undefined` where there has to be one. */
  readonly all?: string;
  /** Names as devices sent them. */
  readonly names: readonly string[];
  readonly value: string | undefined;
  readonly onChange: (name: string | undefined) => void;
}

// An option's value cannot be a name: "" is one too, and a device may send any.
const ALL = "all";
const NAMED = "name:";

/** One of the names that devices sent, or all of them. */
export function Picker({ label, all, names, value, onChange }: PickerProps): JSX.Element {
  const offered = value === undefined || names.includes(value) ? names : [...names, value];
  return (
    <label class="picker">
      <span class="picker-label">{label}</span>
      <select
        value={value === undefined ? ALL : NAMED + value}
        onChange={({ currentTarget: { value: chosen } }) =>
          onChange(chosen.startsWith(NAMED) ? chosen.slice(NAMED.length) : undefined)
        }
      >
        {(all !== undefined || value === undefined) && <option value={ALL}>{all ?? "None"}</option>}
        {offered.filter(Boolean).map((name) => (
          <option key={name} value={NAMED + name}>
            {name.length > 60 ? `${name.slice(0, 59)}…` : name}
          </option>
        ))}
      </select>
    </label>
  );
}

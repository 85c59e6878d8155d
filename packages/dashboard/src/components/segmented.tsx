import type { JSX } from "preact";

interface SegmentedProps<Value extends string> {
  /** The group's name for those who cannot see it. */
  readonly legend: string;
  /** Unique in the page. */
  readonly name: string;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}

/** One of a few, side by side: radio buttons, so the arrow keys move among them. */
export function Segmented<Value extends string>({
  legend,
  name,
  options,
  value,
  onChange,
}: SegmentedProps<Value>): JSX.Element {
  return (
    <fieldset class="segmented">
      <legend class="visually-hidden">{legend}</legend>
      {options.map((option) => (
        <label key={option.value}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  );
}

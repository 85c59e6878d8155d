import type { JSX } from "preact";
import { compareNames } from "../series/series-identity.ts";
import type { DashboardState } from "../state/dashboard-state.ts";

interface ModelPickerProps {
  readonly state: DashboardState;
}

// An option's value cannot be a name: "" is one too, and a device may send any.
const ALL = "all";
const NAMED = "model:";

export function ModelPicker({ state }: ModelPickerProps): JSX.Element {
  const { view, snapshot } = state;
  const { model } = view.value;
  const seen = snapshot.value?.models.models.map(({ name }) => name) ?? [];
  const names = [...new Set(model === undefined ? seen : [...seen, model])].filter(Boolean);
  return (
    <label class="picker">
      <span class="visually-hidden">Model</span>
      <select
        value={model === undefined ? ALL : NAMED + model}
        onChange={({ currentTarget: { value } }) => {
          const chosen = value.startsWith(NAMED) ? value.slice(NAMED.length) : undefined;
          view.value = { ...view.peek(), model: chosen };
        }}
      >
        <option value={ALL}>All models</option>
        {names.toSorted(compareNames).map((name) => (
          <option key={name} value={NAMED + name}>
            {name.length > 60 ? `${name.slice(0, 59)}…` : name}
          </option>
        ))}
      </select>
    </label>
  );
}

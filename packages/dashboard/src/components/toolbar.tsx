import type { JSX } from "preact";
import type { DashboardState } from "../state/dashboard-state.ts";
import { TIME_RANGES } from "../time-range.ts";
import { LiveStatus } from "./live-status.tsx";
import { ModelPicker } from "./model-picker.tsx";
import { Segmented } from "./segmented.tsx";

interface ToolbarProps {
  readonly state: DashboardState;
}

const OPTIONS = TIME_RANGES.map(({ key, label }) => ({ value: key, label }));

export function Toolbar({ state }: ToolbarProps): JSX.Element {
  const { view } = state;
  return (
    <search class="toolbar" aria-label="What to show">
      <Segmented
        legend="Time range"
        name="range"
        options={OPTIONS}
        value={view.value.range.key}
        onChange={(key) => {
          const range = TIME_RANGES.find((each) => each.key === key);
          if (range !== undefined) view.value = { ...view.peek(), range };
        }}
      />
      <ModelPicker state={state} />
      <LiveStatus state={state} />
    </search>
  );
}

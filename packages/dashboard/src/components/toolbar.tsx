import type { JSX } from "preact";
import { compareNames } from "../series/series-identity.ts";
import type { DashboardState } from "../state/dashboard-state.ts";
import { versionsOf } from "../state/focus.ts";
import { type Baseline, rangesOf, type View, viewOf } from "../state/view.ts";
import { LiveStatus } from "./live-status.tsx";
import { Picker } from "./picker.tsx";
import { Segmented } from "./segmented.tsx";

interface ToolbarProps {
  readonly state: DashboardState;
}

const BASELINES: readonly { readonly value: Baseline; readonly label: string }[] = [
  { value: "reference", label: "Reference" },
  { value: "previous", label: "Week before" },
];

/** What to show, as far as the page has a choice of it, and whether it is kept up to date. */
export function Toolbar({ state }: ToolbarProps): JSX.Element {
  const view = state.view.value;
  const { page, range, baseline } = view;
  const choose = (choice: Partial<View>): void => {
    state.view.value = viewOf(page, { ...state.view.peek(), ...choice });
  };
  return (
    <search class="toolbar" aria-label="What to show">
      {page !== "prediction" && (
        <Segmented
          legend="Time range"
          name="range"
          options={rangesOf(page).map(({ key, label }) => ({ value: key, label }))}
          value={range.key}
          onChange={(key) => {
            const chosen = rangesOf(page).find((each) => each.key === key);
            if (chosen !== undefined) choose({ range: chosen });
          }}
        />
      )}
      <Filters state={state} choose={choose} />
      {page === "drift" && (
        <Segmented
          legend="Compared with"
          name="baseline"
          options={BASELINES}
          value={baseline}
          onChange={(chosen) => choose({ baseline: chosen })}
        />
      )}
      <LiveStatus state={state} />
    </search>
  );
}

interface FiltersProps extends ToolbarProps {
  readonly choose: (choice: Partial<View>) => void;
}

function Filters({ state, choose }: FiltersProps): JSX.Element | null {
  const { page, model, version, a, b, range } = state.view.value;
  const models = state.snapshot.value?.models.models ?? [];
  // What was left open has been chosen for the answer; of another page's answer it says nothing.
  const focus = state.snapshot.value?.view.page === page ? state.snapshot.value.focus : undefined;
  const shown = model ?? focus?.model;
  const versions = versionsOf(shown, models);
  if (page === "prediction") return null;
  const names = models.map(({ name }) => name).toSorted(compareNames);
  const pickModel = (name: string | undefined): void => {
    // From all models to one is to its page, and back.
    if (page === "fleet" && name !== undefined)
      state.view.value = viewOf("model", { range, model: name });
    else if (page === "model" && name === undefined) state.view.value = viewOf("fleet", { range });
    else choose({ model: name, version: undefined, a: undefined, b: undefined });
  };
  const mayBeAll = page !== "compare" && page !== "drift";
  return (
    <>
      <Picker
        label="Model"
        names={names}
        value={shown}
        onChange={pickModel}
        {...(mayBeAll ? { all: "All models" } : {})}
      />
      {page === "model" && (
        <Picker
          label="Version"
          all="All versions"
          names={versions}
          value={version}
          onChange={(chosen) => choose({ version: chosen })}
        />
      )}
      {page === "drift" && (
        <Picker
          label="Version"
          names={versions}
          value={version ?? focus?.version}
          onChange={(chosen) => choose({ version: chosen })}
        />
      )}
      {page === "compare" && (
        <>
          <Picker
            label="A"
            names={versions}
            value={a ?? focus?.a}
            onChange={(chosen) => choose({ a: chosen, b: b ?? focus?.b })}
          />
          <Picker
            label="B"
            names={versions}
            value={b ?? focus?.b}
            onChange={(chosen) => choose({ b: chosen, a: a ?? focus?.a })}
          />
        </>
      )}
    </>
  );
}

import type { JSX } from "preact";
import type { DashboardState } from "../state/dashboard-state.ts";
import { linkTo } from "../state/link-to.ts";
import { rangesOf, type View, viewOf } from "../state/view.ts";
import { Name } from "./name.tsx";

interface EmptyStateProps {
  readonly state: DashboardState;
  readonly view: View;
  /** What was looked for and not seen; `undefined`: any at all. */
  readonly model: string | undefined;
  readonly hasOtherModels: boolean;
}

/** Nothing was seen: how to look further, and how to send something. */
export function EmptyState({ state, view, model, hasOtherModels }: EmptyStateProps): JSX.Element {
  const { range } = view;
  const longest = rangesOf(view.page).at(-1);
  return (
    <section class="empty" aria-labelledby="empty-title">
      <h1 id="empty-title" tabIndex={-1}>
        {model === undefined ? "No device has reported" : <Name>{model}</Name>}
        {model === undefined ? "" : " has not been seen"} in the last {range.name}
      </h1>
      <p class="empty-actions">
        {hasOtherModels && model !== undefined && (
          <a class="button" href={linkTo(view, "fleet")}>
            Show all models
          </a>
        )}
        {longest !== undefined && range !== longest && (
          <button
            type="button"
            class="button"
            onClick={() => {
              state.view.value = viewOf(view.page, { ...view, range: longest });
            }}
          >
            Look back {longest.name}
          </button>
        )}
      </p>
      {!hasOtherModels && <Instructions />}
    </section>
  );
}

function Instructions(): JSX.Element {
  return (
    <>
      <p>
        Open the <a href="demo/">demo</a> and read a picture: its first prediction shows up here
        within seconds. Or give your own page this collector as its endpoint; without one, nothing
        is ever sent.
      </p>
      <pre class="code">
        <code>{`import { createSelvedge } from "selvedge";

const selvedge = createSelvedge({
  registry: "/models",
  telemetry: {
    endpoint: "${location.origin}/v1",
    service: "my-app",
  },
});`}</code>
      </pre>
      <p class="faint">
        Devices send counts, durations and error codes, and of a sample of predictions a record with
        digests. What goes into a model and what comes out stays with them.
      </p>
    </>
  );
}

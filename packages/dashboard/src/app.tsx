import type { JSX } from "preact";
import { isSignInWanted } from "./api.ts";
import { EmptyState } from "./components/empty-state.tsx";
import { FaultBanner } from "./components/fault-banner.tsx";
import { SignIn } from "./components/sign-in.tsx";
import { SiteHeader } from "./components/site-header.tsx";
import { Skeleton } from "./components/skeleton.tsx";
import { Toolbar } from "./components/toolbar.tsx";
import { AlertsPage } from "./pages/alerts-page.tsx";
import { ComparePage } from "./pages/compare-page.tsx";
import { DriftPage } from "./pages/drift-page.tsx";
import { FailuresPage } from "./pages/failures-page.tsx";
import { FleetPage } from "./pages/fleet-page.tsx";
import { ModelPage } from "./pages/model-page.tsx";
import type { PageProps } from "./pages/page-props.ts";
import { PredictionPage } from "./pages/prediction-page.tsx";
import type { DashboardState } from "./state/dashboard-state.ts";
import type { Page } from "./state/view.ts";

interface AppProps {
  readonly state: DashboardState;
}

const PAGE_OF: Readonly<Record<Page, (props: PageProps) => JSX.Element>> = {
  fleet: FleetPage,
  model: ModelPage,
  compare: ComparePage,
  drift: DriftPage,
  failures: FailuresPage,
  prediction: PredictionPage,
  alerts: AlertsPage,
};

/** Pages that are about what was seen running: there is nothing on them before anything was. */
const NEEDS_MODELS: readonly Page[] = ["fleet", "model", "compare", "drift"];

/** The whole dashboard: the way to its pages, what to show, and the page. */
export function App({ state }: AppProps): JSX.Element {
  const fault = state.fault.value;
  const isSigningIn = isSignInWanted(fault);
  // Figures of another page would stand under the wrong heading: they are not shown meanwhile.
  const latest = state.snapshot.value;
  const snapshot = latest?.view.page === state.view.value.page ? latest : undefined;
  const isPending = snapshot !== undefined && snapshot.view !== state.view.value;
  return (
    <>
      <SiteHeader state={state} />
      {!isSigningIn && <Toolbar state={state} />}
      <main
        id="figures"
        tabIndex={-1}
        aria-busy={state.isLoading.value && (snapshot === undefined || isPending)}
        data-stale={fault !== undefined && snapshot !== undefined}
        data-pending={isPending && fault === undefined}
      >
        {isSigningIn && <SignIn state={state} />}
        {fault !== undefined && !isSigningIn && <FaultBanner fault={fault} state={state} />}
        {snapshot !== undefined && <CurrentPage state={state} snapshot={snapshot} />}
        {snapshot === undefined && fault === undefined && <Skeleton />}
      </main>
    </>
  );
}

function CurrentPage({ state, snapshot }: PageProps): JSX.Element {
  const { view, focus } = snapshot;
  const { models } = snapshot.models;
  const { model } = focus;
  const isSeen = models.some(({ name }) => model === undefined || name === model);
  if (!isSeen && NEEDS_MODELS.includes(view.page)) {
    return (
      <EmptyState state={state} view={view} model={model} hasOtherModels={models.length > 0} />
    );
  }
  const Current = PAGE_OF[view.page];
  return <Current key={view.page} state={state} snapshot={snapshot} />;
}

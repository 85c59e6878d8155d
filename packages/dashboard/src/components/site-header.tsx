import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { isSignInWanted } from "../api.ts";
import { PAGE_NAMES } from "../page-names.ts";
import type { DashboardState } from "../state/dashboard-state.ts";
import { linkTo } from "../state/link-to.ts";
import { PAGES } from "../state/view.ts";

interface SiteHeaderProps {
  readonly state: DashboardState;
}

/** The way to every page, and how many alerts wait to be seen. */
export function SiteHeader({ state }: SiteHeaderProps): JSX.Element {
  const view = state.view.value;
  const model = view.model ?? state.snapshot.value?.focus.model;
  const firing = (state.snapshot.value?.parts.alerts?.answer?.rules ?? [])
    .flatMap(({ instances }) => instances)
    .filter((instance) => instance.state === "firing").length;
  const current = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    // On a phone the pages scroll sideways: the present one is kept in sight.
    current.current?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [view.page, firing]);
  return (
    <header class="site-header">
      <a class="skip" href="#figures">
        Skip to the figures
      </a>
      <a class="brand" href={linkTo(view, "fleet")}>
        <img src="./favicon.svg" width="20" height="20" alt="" />
        Selvedge
      </a>
      <nav class="pages" aria-label="Pages">
        <ul>
          {PAGES.map((page) => (
            <li key={page}>
              <a
                href={linkTo(view, page, model === undefined ? {} : { model })}
                ref={page === view.page ? current : null}
                aria-current={page === view.page ? "page" : undefined}
              >
                {PAGE_NAMES[page]}
                {page === "alerts" && firing > 0 && (
                  <span class="badge">
                    {firing}
                    <span class="visually-hidden"> firing</span>
                  </span>
                )}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <nav class="site-links" aria-label="Site">
        {state.token.value.value !== undefined && !isSignInWanted(state.fault.value) && (
          <button type="button" class="button-quiet" onClick={() => state.token.set(undefined)}>
            Sign out
          </button>
        )}
        <a href="demo/">Demo</a>
      </nav>
    </header>
  );
}

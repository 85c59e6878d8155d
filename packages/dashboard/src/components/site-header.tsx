import type { JSX } from "preact";

export function SiteHeader(): JSX.Element {
  return (
    <header class="site-header">
      <a class="skip" href="#figures">
        Skip to the figures
      </a>
      <h1>
        <img src="./favicon.svg" width="20" height="20" alt="" />
        Selvedge <span>models on real devices</span>
      </h1>
      <nav aria-label="Site">
        <a href="demo/">Demo</a>
      </nav>
    </header>
  );
}

import type { ComponentChildren, JSX } from "preact";

interface PageHeadProps {
  readonly title: ComponentChildren;
  readonly note?: ComponentChildren;
  /** Links or buttons that lead on from here. */
  readonly children?: ComponentChildren;
}

/** What the page is about. Focus is put here when the page was gone to by a link. */
export function PageHead({ title, note, children }: PageHeadProps): JSX.Element {
  return (
    <div class="page-head">
      <h1 tabIndex={-1}>{title}</h1>
      {note !== undefined && <p>{note}</p>}
      {children !== undefined && <div class="page-links">{children}</div>}
    </div>
  );
}

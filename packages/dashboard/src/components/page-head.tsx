import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface PageHeadProps {
  readonly title: ComponentChildren;
  readonly note?: ComponentChildren;
  /** Links or buttons that lead on from here. */
  readonly children?: ComponentChildren;
}

/** What the page is about. It takes the focus that a link to the page has left on its `main`. */
export function PageHead({ title, note, children }: PageHeadProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (document.activeElement?.tagName === "MAIN") heading.current?.focus();
  }, []);
  return (
    <div class="page-head">
      <h1 tabIndex={-1} ref={heading}>
        {title}
      </h1>
      {note !== undefined && <p>{note}</p>}
      {children !== undefined && <div class="page-links">{children}</div>}
    </div>
  );
}

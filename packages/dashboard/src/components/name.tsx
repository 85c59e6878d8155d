import type { JSX } from "preact";
import { isKnown } from "../series/series-identity.ts";

interface NameProps {
  /** As a device sent it: any text at all. */
  readonly children: string;
}

/** A foreign name: cut where it is too long, and kept from turning the text around it. */
export function Name({ children }: NameProps): JSX.Element {
  if (!isKnown(children)) return <span class="name faint">unknown</span>;
  return (
    <bdi class="name" title={children.length > 24 ? children : undefined}>
      {children}
    </bdi>
  );
}

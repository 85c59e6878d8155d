import { Fragment, type JSX } from "preact";
import { Name } from "./name.tsx";

interface NamesProps {
  readonly names: readonly string[];
}

const SHOWN = 4;

/** A short list of foreign names; of a long one, its beginning and how many more. */
export function Names({ names }: NamesProps): JSX.Element {
  const more = names.length - SHOWN;
  return (
    <span class="names">
      {names.slice(0, SHOWN).map((name, index) => (
        <Fragment key={name}>
          {index > 0 && ", "}
          <Name>{name}</Name>
        </Fragment>
      ))}
      {more > 0 && <span class="faint"> and {more} more</span>}
    </span>
  );
}

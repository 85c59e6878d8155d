import { Fragment, type JSX } from "preact";
import { isKnown, type SeriesIdentity } from "../series/series-identity.ts";
import { Name } from "./name.tsx";

interface SeriesNameProps {
  readonly identity: SeriesIdentity;
  /** Left out where every series is of one model. */
  readonly withModel: boolean;
  readonly dtype?: string;
}

/** Model, version, backend and precision, as far as they are known: a failed load may have had none yet. */
export function SeriesName({ identity, withModel, dtype = "" }: SeriesNameProps): JSX.Element {
  const { model, version, backend } = identity;
  const strong = [...(withModel ? [model] : []), version].filter(isKnown);
  const soft = [backend, dtype].filter(isKnown);
  return (
    <span class="series-name">
      {strong.length + soft.length === 0 && <Name>{""}</Name>}
      <Words words={strong} />{" "}
      <span class="soft">
        <Words words={soft} />
      </span>
    </span>
  );
}

function Words({ words }: { readonly words: readonly string[] }): JSX.Element {
  return (
    <>
      {words.map((word, index) => (
        <Fragment key={`${index} ${word}`}>
          {index > 0 && " "}
          <Name>{word}</Name>
        </Fragment>
      ))}
    </>
  );
}

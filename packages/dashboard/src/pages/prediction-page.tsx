import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { PageHead } from "../components/page-head.tsx";
import { Panel } from "../components/panel.tsx";
import { PartOf } from "../components/part-of.tsx";
import { PredictionTimeline } from "../components/prediction-timeline.tsx";
import { viewOf } from "../state/view.ts";
import type { PageProps } from "./page-props.ts";

/** Where one prediction went. */
export function PredictionPage({ state, snapshot }: PageProps): JSX.Element {
  const { view, parts } = snapshot;
  const fault = parts.prediction?.fault;
  const isUnknown = fault?.kind === "status" && fault.status === 404;
  return (
    <>
      <PageHead title="Prediction" note="Where one call went, by the id it was answered with" />
      <SearchForm
        id={view.prediction ?? ""}
        onSearch={(prediction) => {
          const { range } = view;
          const next = viewOf("prediction", { range, prediction });
          if (prediction === view.prediction) void state.refresh();
          else state.view.value = next;
        }}
      />
      {view.prediction === undefined && <HowToFind />}
      {isUnknown ? (
        <Unknown id={view.prediction ?? ""} />
      ) : (
        <PartOf part={parts.prediction}>
          {(prediction) => <PredictionTimeline prediction={prediction} />}
        </PartOf>
      )}
    </>
  );
}

function SearchForm(props: {
  readonly id: string;
  readonly onSearch: (id: string) => void;
}): JSX.Element {
  const { id, onSearch } = props;
  const typed = useSignal(id);
  useEffect(() => {
    typed.value = id;
  }, [id]);
  return (
    <search>
      <form
        class="search-form"
        onSubmit={(event) => {
          event.preventDefault();
          const wanted = typed.peek().trim();
          if (wanted !== "") onSearch(wanted);
        }}
      >
        <label for="prediction-id">Prediction id</label>
        <div class="field">
          <input
            id="prediction-id"
            type="search"
            autocomplete="off"
            spellcheck={false}
            required
            value={typed.value}
            onInput={({ currentTarget }) => {
              typed.value = currentTarget.value;
            }}
          />
          <button type="submit" class="button button-main">
            Find
          </button>
        </div>
      </form>
    </search>
  );
}

function HowToFind(): JSX.Element {
  return (
    <Panel id="how" title="Where an id comes from">
      <p>
        Every answer carries one. Show it in your page, or write it to your own log, so that
        somebody who reports a wrong answer can name it:
      </p>
      <pre class="code">
        <code>{`const { id, outputs } = await model.predict(inputs);`}</code>
      </pre>
      <p class="soft">
        Devices send the record of a sample of predictions, with digests in place of inputs and
        outputs. On the device itself <code>selvedge.prediction(id)</code> has it for longer.
      </p>
    </Panel>
  );
}

function Unknown({ id }: { readonly id: string }): JSX.Element {
  return (
    <Panel id="unknown" title="Nothing of it was received">
      <p>
        No record and no span of <code class="id">{id}</code> has come in. It may not have been in
        the sample, its device may not have sent it yet, or it is older than raw records are kept.
        On the device it was made on, <code>selvedge.prediction(id)</code> may still have it.
      </p>
    </Panel>
  );
}

import type { Candidate, ModelInfo } from "selvedge";
import { element } from "../ui/element.ts";
import { make } from "../ui/make.ts";
import { formatBytes, formatMs, formatShortMs } from "../ui/quantities.ts";
import { startWords } from "./start-words.ts";
import type { Load, Seen } from "./watch-device.ts";

const BACKENDS = { wasm: "WASM", webgpu: "WebGPU" } as const;

const STATES: Readonly<Record<Candidate["state"], string>> = {
  serving: "serves",
  standby: "stands by",
  slower: "slower",
  proving: "in proof",
  waiting: "waits",
  rejected: "turned down",
};

/** A card for each model: what answers, and every other place it could run. */
export function showModels({ loads }: Seen, onRetry: (name: string) => void): void {
  element("models", HTMLUListElement).replaceChildren(
    ...loads.map((load) => {
      const card = make("li", "model", make("h3", "", load.name), ...contentOf(load, onRetry));
      card.dataset["model"] = load.name;
      card.dataset["state"] = load.state;
      return card;
    }),
  );
}

function contentOf(load: Load, onRetry: (name: string) => void): Node[] {
  switch (load.state) {
    case "loading":
      return [make("p", "hint", "On its way")];
    case "failed": {
      const again = make("button", "button", "Try again");
      again.type = "button";
      again.addEventListener("click", () => onRetry(load.name));
      const { title, advice, detail = "" } = load.problem;
      return [make("p", "problem", title), make("p", "", advice), make("p", "hint", detail), again];
    }
    case "loaded":
      return [
        make("p", "model-what", whatOf(load.info)),
        startLine(load.info),
        make("p", "hint", stagesOf(load.info)),
        make("p", "hint", memoryOf(load.info)),
        make("ul", "candidates", ...load.info.candidates.map(candidateItem)),
      ];
  }
}

function whatOf({ version, dtype, backend, runtime, storage }: ModelInfo): string {
  const kept = storage.kind === "memory" ? `, in memory: ${storage.reason}` : "";
  return `${version}, ${dtype}, on ${BACKENDS[backend]} in ${runtime.name} ${runtime.version}${kept}`;
}

function startLine({ start }: ModelInfo): HTMLElement {
  const { title, detail, isSetback } = startWords(start);
  const line = make("p", "start", make("strong", "", title), make("span", "", detail));
  line.dataset["start"] = start.code;
  line.toggleAttribute("data-setback", isSetback);
  return line;
}

function memoryOf({ memory: { state, shareBytes } }: ModelInfo): string {
  if (state === "suspended") return "Asleep: it takes no memory until its next call";
  return `Takes ${formatBytes(shareBytes)} of memory`;
}

function stagesOf({ timings: { totalMs, ...stages } }: ModelInfo): string {
  const took = Object.entries(stages)
    .filter(([, milliseconds]) => milliseconds >= 0.5)
    .map(([stage, milliseconds]) => `${stage.replace(/Ms$/, "")} ${formatMs(milliseconds)}`);
  return `Ready after ${formatMs(totalMs)}: ${took.join(", ")}`;
}

function candidateItem({ state, reason, runMs, ...place }: Candidate): HTMLLIElement {
  const item = make(
    "li",
    "candidate",
    make("span", "candidate-state", STATES[state]),
    make("span", "candidate-place", placeOf(place)),
    make("span", "candidate-ms", runMs === undefined ? "" : formatShortMs(runMs)),
    make("p", "candidate-reason", reason),
  );
  item.dataset["state"] = state;
  return item;
}

function placeOf({ backend, dtype, build, layout }: Omit<Candidate, "state" | "reason">): string {
  const how = backend === "webgpu" ? [build === "jspi" ? "JSPI" : "asyncify", layout] : [];
  return [BACKENDS[backend], dtype, ...how].filter((part) => part !== undefined).join(" · ");
}

import { element } from "./element.ts";

/** The page's woven edge: it closes as the models arrive, and its thread runs while they work. */
export interface WovenEdge {
  /** How much of the download is here, 0 to 1. */
  weave(done: number): void;
  setBusy(isBusy: boolean): void;
}

export function createWovenEdge(): WovenEdge {
  const edge = element("edge", HTMLElement);
  return {
    weave(done) {
      edge.style.setProperty("--done", String(done));
      edge.setAttribute("aria-valuenow", String(Math.round(done * 100)));
    },
    setBusy: (isBusy) => edge.toggleAttribute("data-busy", isBusy),
  };
}

import { createDrawPad } from "./draw-pad.ts";
import { element } from "./element.ts";
import type { PictureStage } from "./picture-stage.ts";

/** Turns the stage into a sheet to write on, and back. */
export function createDrawSwitch(
  stage: PictureStage,
  events: {
    /** The sheet was brought out, wiped or put away. */
    onChange(isDrawing: boolean): void;
    /** Something was written on it. */
    onPicture(picture: Blob): void;
  },
): {
  /** Puts the sheet away without showing anything in its place. */
  leave(): void;
} {
  const draw = element("draw", HTMLButtonElement);
  const wipe = element("wipe", HTMLButtonElement);
  const pad = createDrawPad(events.onPicture);

  const turn = (isDrawing: boolean) => {
    draw.setAttribute("aria-pressed", String(isDrawing));
    wipe.hidden = !isDrawing;
  };
  const bringOut = () => {
    turn(true);
    pad.fresh();
    stage.showPad();
    events.onChange(true);
  };

  draw.addEventListener("click", () => {
    if (wipe.hidden) return bringOut();
    turn(false);
    stage.showInvitation();
    events.onChange(false);
  });
  wipe.addEventListener("click", bringOut);
  return { leave: () => turn(false) };
}

import { element } from "./element.ts";

/** A pause this long after a stroke means that something can be read. */
const PAUSE_MS = 650;
const LONG_SIDE = 1100;
const PEN = 11;

/** A sheet to write on. */
export interface DrawPad {
  /** Clears the sheet and gives it the proportions of the room there is. */
  fresh(): void;
}

/** @param onPause gets the sheet as a picture, a moment after each stroke */
export function createDrawPad(onPause: (picture: Blob) => void): DrawPad {
  const pad = element("pad", HTMLCanvasElement);
  const cloth = element("cloth", HTMLElement);
  const context = pad.getContext("2d");
  if (context === null) throw new Error("This browser has no 2D canvas.");
  let pause: ReturnType<typeof setTimeout> | undefined;

  const at = (event: PointerEvent): [number, number] => {
    const scale = pad.width / pad.clientWidth;
    return [event.offsetX * scale, event.offsetY * scale];
  };

  pad.addEventListener("pointerdown", (event) => {
    clearTimeout(pause);
    pad.setPointerCapture(event.pointerId);
    context.beginPath();
    context.moveTo(...at(event));
    context.lineTo(...at(event));
    context.stroke();
  });
  pad.addEventListener("pointermove", (event) => {
    if (!pad.hasPointerCapture(event.pointerId)) return;
    context.lineTo(...at(event));
    context.stroke();
  });
  pad.addEventListener("lostpointercapture", () => {
    pause = setTimeout(() => pad.toBlob((picture) => void (picture && onPause(picture))), PAUSE_MS);
  });

  return {
    fresh() {
      clearTimeout(pause);
      const ratio = Math.max(0.6, Math.min(2.6, cloth.clientWidth / cloth.clientHeight));
      pad.width = ratio >= 1 ? LONG_SIDE : Math.round(LONG_SIDE * ratio);
      pad.height = Math.round(pad.width / ratio);
      context.fillStyle = "#fff";
      context.fillRect(0, 0, pad.width, pad.height);
      context.strokeStyle = "#141a2e";
      context.lineWidth = PEN;
      context.lineCap = "round";
      context.lineJoin = "round";
    },
  };
}

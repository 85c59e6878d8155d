import { unreadablePicture } from "../vision/unreadable-picture.ts";
import { element } from "./element.ts";

type View = "empty" | "picture" | "drawing";

/** Where the picture or the drawing is shown, with room over it for boxes. */
export interface PictureStage {
  /** @throws an `unreadablePicture` error for any other file */
  show(file: Blob): Promise<void>;
  showPad(): void;
  showInvitation(): void;
}

const LARGEST_ENLARGEMENT = 1.6;

export function createPictureStage(): PictureStage {
  const cloth = element("cloth", HTMLElement);
  const frame = element("frame", HTMLElement);
  const image = element("shown", HTMLImageElement);
  const pad = element("pad", HTMLCanvasElement);

  const turnTo = (view: View, size?: { width: number; height: number; widest: number }) => {
    cloth.dataset["view"] = view;
    image.hidden = view !== "picture";
    pad.hidden = view !== "drawing";
    if (size === undefined) return;
    frame.style.setProperty("--ratio", String(size.width / size.height));
    frame.style.setProperty("--widest", `${size.widest}px`);
  };

  return {
    async show(file) {
      URL.revokeObjectURL(image.src);
      image.src = URL.createObjectURL(file);
      await image.decode().catch((cause: unknown) => {
        throw unreadablePicture(cause);
      });
      const { naturalWidth: width, naturalHeight: height } = image;
      turnTo("picture", { width, height, widest: width * LARGEST_ENLARGEMENT });
    },
    showPad: () => turnTo("drawing", { width: pad.width, height: pad.height, widest: pad.width }),
    showInvitation: () => turnTo("empty"),
  };
}

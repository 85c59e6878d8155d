import { expose, transfer } from "comlink";
import { cropOf } from "./crop.ts";
import { ctcDecode, recognitionLabels } from "./ctc-decode.ts";
import { detectBoxes } from "./detect-boxes.ts";
import { detectionInput, recognitionInput } from "./network-input.ts";
import { detectionSize, type Size } from "./picture-size.ts";
import { inReadingOrder } from "./reading-order.ts";
import { unreadablePicture } from "./unreadable-picture.ts";
import type { VisionApi } from "./vision-api.ts";

type Transform = readonly [number, number, number, number, number, number];

/** The picture's pixels after a transform, on white, so that transparent pictures read like paper. */
function pixelsOf(picture: ImageBitmap, size: Size, transform: Transform): Uint8ClampedArray {
  const context = new OffscreenCanvas(size.width, size.height).getContext("2d", {
    alpha: false,
    willReadFrequently: true,
  });
  if (context === null) throw new Error("This browser gives workers no 2D canvas.");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, size.width, size.height);
  context.imageSmoothingQuality = "high";
  context.setTransform(...transform);
  context.drawImage(picture, 0, 0);
  return context.getImageData(0, 0, size.width, size.height).data;
}

function createVision(): VisionApi {
  const pictures = new Map<number, ImageBitmap>();
  let labels: readonly string[] = [];
  let opened = 0;

  const pictureOf = (id: number): ImageBitmap => {
    const picture = pictures.get(id);
    if (picture === undefined) throw new Error(`Picture ${id} is closed.`);
    return picture;
  };

  return {
    learnKeys(keys) {
      labels = recognitionLabels(new TextDecoder().decode(keys));
    },
    async open(file) {
      const picture = await createImageBitmap(file).catch((cause: unknown) => {
        throw unreadablePicture(cause);
      });
      opened += 1;
      pictures.set(opened, picture);
      const size = detectionSize(picture);
      const scale = [size.width / picture.width, size.height / picture.height] as const;
      const pixels = pixelsOf(picture, size, [scale[0], 0, 0, scale[1], 0, 0]);
      const planes = detectionInput(pixels, size);
      const { width, height } = picture;
      return transfer({ id: opened, width, height, detection: { ...size, planes } }, [
        planes.buffer,
      ]);
    },
    findLines: (pictureId, map) => inReadingOrder(detectBoxes(map, pictureOf(pictureId))),
    cutLine(pictureId, box) {
      const { width, height, transform } = cropOf(box);
      const pixels = pixelsOf(pictureOf(pictureId), { width, height }, transform);
      const planes = recognitionInput(pixels, { width, height });
      return transfer({ width, height, planes }, [planes.buffer]);
    },
    readLine: (probabilities, classes) => ctcDecode(probabilities, classes, labels),
    close(pictureId) {
      pictures.get(pictureId)?.close();
      pictures.delete(pictureId);
    },
  };
}

expose(createVision());

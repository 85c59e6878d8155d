import label from "../../samples/label.webp";
import note from "../../samples/note.webp";
import receipt from "../../samples/receipt.webp";
import sign from "../../samples/sign.webp";
import { element } from "./element.ts";

const SAMPLES = [
  { url: receipt, name: "A receipt" },
  { url: note, name: "A note in seven languages" },
  { url: sign, name: "A sign at a ferry" },
  { url: label, name: "A label, tilted" },
] as const;

/** Offers pictures to try. */
export function offerSamples(
  onPicture: (file: Blob) => void,
  onFailure: (error: unknown, again: () => void) => void,
): void {
  const list = element("samples", HTMLUListElement);
  for (const { url, name } of SAMPLES) {
    const take = () => {
      fetch(url)
        .then((response) => response.blob())
        .then(onPicture)
        .catch((error: unknown) => onFailure(error, take));
    };
    const image = document.createElement("img");
    image.src = url;
    image.alt = name;
    const button = document.createElement("button");
    button.type = "button";
    button.title = name;
    button.append(image);
    button.addEventListener("click", take);
    const item = document.createElement("li");
    item.append(button);
    list.append(item);
  }
}

import { element } from "./element.ts";

function firstFile(transfer: DataTransfer | null): File | undefined {
  return transfer?.files[0];
}

/** Every way a picture reaches the page as a file: choosing, photographing, dropping, pasting. */
export function takePictures(onPicture: (file: Blob) => void): void {
  for (const id of ["picture", "photo"]) {
    const input = element(id, HTMLInputElement);
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      if (file) onPicture(file);
      // So that choosing the same file again is a change.
      input.value = "";
    });
  }

  const cloth = element("cloth", HTMLElement);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    cloth.toggleAttribute("data-dropping", true);
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) cloth.removeAttribute("data-dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    cloth.removeAttribute("data-dropping");
    const file = firstFile(event.dataTransfer);
    if (file) onPicture(file);
  });
  document.addEventListener("paste", (event) => {
    const file = firstFile(event.clipboardData);
    if (file === undefined) return;
    event.preventDefault();
    onPicture(file);
  });
}

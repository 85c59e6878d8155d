import { element } from "../ui/element.ts";

/** Says beside the page's name that there is no network, for as long as there is none. */
export function showNetwork(): void {
  const place = element("place", HTMLElement);
  const always = place.textContent;
  const show = () => {
    place.textContent = navigator.onLine ? always : "runs here, offline";
  };
  addEventListener("online", show);
  addEventListener("offline", show);
  show();
}

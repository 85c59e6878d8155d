import { formatView, type Page, type View, viewOf } from "./view.ts";

/** The address of another page, over the same time and with other choices made. */
export function linkTo(
  { range }: Pick<View, "range">,
  page: Page,
  choice: Parameters<typeof viewOf>[1] = {},
): string {
  return formatView(viewOf(page, { range, ...choice }));
}

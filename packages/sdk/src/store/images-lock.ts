/**
 * Held from before an image is written until what came of it is known: in all tabs of an origin, by one.
 * Pages that are of no image are nobody's while nobody holds it.
 */
export const IMAGES_LOCK = "selvedge images";

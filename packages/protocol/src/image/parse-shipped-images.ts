import type { Field } from "../field.ts";
import type { ImageFileRef, ShippedImage } from "../manifest.ts";
import { blobRef, type PackBlobs } from "../parse-blob.ts";

/** More than any runtime has been seen to need for a model that images are made of. */
const MOST_BYTES = 512 * 1024 * 1024;

/** More than one for each runtime and architecture that a registry could mean. */
const MOST_IMAGES = 16;

/**
 * Reads the shipped images of a variant. Those of a format of later days are left out: the model itself
 * is there too.
 */
export function shippedImages(field: Field, pack: PackBlobs): ShippedImage[] {
  const items = field.items();
  if (items.length > MOST_IMAGES) field.fail(`${MOST_IMAGES} images at most`);
  return items.flatMap((item) =>
    item.at("format").integer({ min: 1 }) === 1 ? [shippedImage(item, pack)] : [],
  );
}

function shippedImage(field: Field, pack: PackBlobs): ShippedImage {
  const runtime = field.at("runtime");
  const madeOn = field.at("madeOn");
  const bare = imageFile(field.at("bare"), pack);
  const difference = imageFile(field.at("difference"), pack);
  return {
    format: 1,
    runtime: {
      version: runtime.at("version").text(),
      wasm: runtime.at("wasm").sha256(),
      glue: runtime.at("glue").sha256(),
    },
    madeOn: { host: madeOn.at("host").text(), architecture: madeOn.at("architecture").text() },
    settings: settings(field.at("settings")),
    bare,
    difference,
  };
}

function imageFile(field: Field, pack: PackBlobs): ImageFileRef {
  return {
    ...blobRef(field, pack),
    // What is unpacked is given so much room, and no more.
    unpackedBytes: field.at("unpackedBytes").integer({ min: 1, max: MOST_BYTES }),
  };
}

function settings(field: Field): ShippedImage["settings"] {
  const given = Object.entries(field.object()).map(([name, value]) =>
    isSetting(value) ? ([name, value] as const) : field.at(name).fail("a setting"),
  );
  return Object.fromEntries(given);
}

function isSetting(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

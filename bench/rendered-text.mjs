import { chromium } from "playwright";
import { findBrowser } from "../scripts/find-browser.mjs";

const FONTS = ["DejaVu Sans", "DejaVu Serif", "Liberation Mono"];
const WORDS =
  "invoice total 2024 shipping address order quantity price model browser tensor weights memory 19.99 receipt customer number ABC-1234 phone 555-0199 email thank you page cache network Quick Brown Fox jumps OVER lazy dog March 17 VAT 20% balance due amount paid".split(
    " ",
  );

/**
 * Draws text in a browser: lines of words for a recognizer, in three fonts by turns, and pages of
 * them for a detector. The same every time on one machine.
 *
 * @param {{ lines: number, pages: number }} counts
 * @returns {Promise<{ lines: Picture[], pages: Picture[] }>}
 * @typedef {{ text: string, width: number, height: number, rgba: Uint8Array }} Picture
 */
export async function renderedText({ lines, pages }) {
  const random = seededRandom(7);
  const words = (count) =>
    Array.from({ length: count }, () => WORDS[Math.floor(random() * WORDS.length)]).join(" ");
  const browser = await chromium.launch({ executablePath: await findBrowser() });
  try {
    const page = await browser.newPage();
    const draw = async (width, height, texts, step) => {
      const base64 = await page.evaluate(drawText, { width, height, texts, step });
      const rgba = new Uint8Array(Buffer.from(base64, "base64"));
      return { text: texts.map(({ text }) => text).join("\n"), width, height, rgba };
    };
    const line = (i) => ({ text: words(2 + (i % 3)), font: FONTS[i % FONTS.length] });
    const drawn = { lines: [], pages: [] };
    for (let i = 0; i < lines; i++) drawn.lines.push(await draw(320, 48, [line(i)], 48));
    for (let i = 0; i < pages; i++) {
      const texts = Array.from({ length: 12 }, (_, row) => line(i + row));
      drawn.pages.push(await draw(640, 640, texts, 50));
    }
    return drawn;
  } finally {
    await browser.close();
  }
}

/** Runs in the page. */
function drawText({ width, height, texts, step }) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  context.fillStyle = "#f4f2ee";
  context.fillRect(0, 0, width, height);
  context.fillStyle = "#262a33";
  for (const [row, { text, font }] of texts.entries()) {
    let size = 30;
    do context.font = `${size--}px "${font}"`;
    while (context.measureText(text).width > Math.min(width, 320) - 12 && size > 10);
    context.fillText(text, 6, row * step + 34);
  }
  const { data } = context.getImageData(0, 0, width, height);
  let binary = "";
  for (const byte of data) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function seededRandom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

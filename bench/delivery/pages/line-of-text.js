const [WIDTH, HEIGHT] = [320, 48];

/** A line of text as PP-OCR rec takes it: drawn here, so that no contender has to download it. */
export function lineOfText(text) {
  const context = new OffscreenCanvas(WIDTH, HEIGHT).getContext("2d");
  context.fillStyle = "#f4f2ee";
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.fillStyle = "#262a33";
  context.font = '30px "DejaVu Sans", sans-serif';
  context.fillText(text, 6, 34, WIDTH - 12);
  const { data: rgba } = context.getImageData(0, 0, WIDTH, HEIGHT);
  const plane = WIDTH * HEIGHT;
  const data = new Float32Array(3 * plane);
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < plane; i++) data[c * plane + i] = rgba[i * 4 + 2 - c] / 127.5 - 1;
  return { data, dims: [1, 3, HEIGHT, WIDTH] };
}

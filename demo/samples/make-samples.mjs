// Draws the sample pictures the page offers. Run it after changing one, and commit what it writes:
//   CHROME=/path/to/chromium node demo/samples/make-samples.mjs
// The note needs a font with Chinese characters (Debian: fonts-wqy-microhei).
import { writeFile } from "node:fs/promises";
import { chromium } from "playwright";

const rows = [
  ["2 x Flat white", "9.00"],
  ["1 x Rice porridge", "7.50"],
  ["1 x Sourdough toast", "6.20"],
  ["1 x Shakshuka", "14.80"],
  ["Service", "5.00"],
];

const pictures = {
  receipt: {
    width: 560,
    height: 720,
    html: `<style>
      body { background: linear-gradient(160deg, #44557f, #26345a); display: grid; place-items: center; }
      main { width: 372px; padding: 34px 34px 40px; background: #fdfcf8; color: #23242a;
             font: 20px/1.75 "Liberation Mono", monospace; box-shadow: 0 18px 50px #0008; }
      h1 { font: 700 29px/1.3 "Liberation Sans", sans-serif; word-spacing: .15em; text-align: center; margin: 0; }
      p { margin: 0; text-align: center; font-family: "Liberation Sans", sans-serif; }
      hr { border: 0; border-top: 2px dashed #999; margin: 16px 0; }
      div { display: flex; justify-content: space-between; }
      .total { font: 700 31px/1.5 "Liberation Sans", sans-serif; display: block; }
    </style><main><h1>SELVAGE COFFEE</h1><p>14 Weaver Street</p><hr>
    ${rows.map(([name, price]) => `<div><span>${name}</span><span>${price}</span></div>`).join("")}
    <hr><div class="total">Total: $42.50</div><hr><p>Thank you, come again</p></main>`,
  },
  sign: {
    width: 800,
    height: 540,
    html: `<style>
      body { background: linear-gradient(#b9cfdf 0 62%, #6f8b98 62% 64%, #587480 64%); }
      main { position: absolute; left: 110px; top: 56px; width: 580px; height: 330px; box-sizing: border-box;
             padding: 34px 40px; border: 7px solid #fff; outline: 9px solid #12467a; border-radius: 10px;
             background: #12467a; color: #fff; font: 700 52px/1.2 "Liberation Sans", sans-serif; }
      p { font: 400 32px/1.5 "Liberation Sans", sans-serif; margin: 12px 0 0; }
      i { position: absolute; top: 386px; width: 20px; height: 160px; background: #4b5358; }
    </style><i style="left:220px"></i><i style="left:560px"></i>
    <main>HARBOUR FERRY<p>Next departure 09:40</p><p>Please wait behind the line</p><p>Bicycles travel free of charge</p></main>`,
  },
  note: {
    width: 760,
    height: 580,
    html: `<style>
      body { background: #3c4a45; display: grid; place-items: center; }
      main { width: 640px; padding: 26px 34px; box-sizing: border-box; background: #fbf7e6; color: #29304a;
             box-shadow: 0 14px 40px #0007; font: italic 31px/60px "Liberation Serif", serif; white-space: pre;
             background-image: repeating-linear-gradient(transparent 0 58px, #b8c4dd 58px 60px); background-position-y: 12px; }
      b { font: 400 31px/60px "WenQuanYi Micro Hei"; }
    </style><main>The kettle is on the stove, help yourself
Le repas du soir est dans la cuisine
Bitte mach das Fenster nachher wieder zu
La playa queda cerca de nuestra casa
Domani mattina andiamo insieme al mare
Vergeet niet om de hond eten te geven
<b>今天的天气很好，我们去公园吧</b></main>`,
  },
  label: {
    width: 760,
    height: 600,
    html: `<style>
      body { background: #27375f repeating-linear-gradient(63deg, #2b3b67 0 3px, #24335d 3px 6px); }
      main { position: absolute; left: 150px; top: 110px; width: 460px; height: 370px; box-sizing: border-box;
             padding: 34px 40px; rotate: -11deg; background: #f4efe2; color: #262a33; text-align: center;
             font: 25px/1.72 "Liberation Sans", sans-serif; box-shadow: 0 10px 30px #0009;
             border-left: 9px solid #fff; border-right: 9px solid #fff; outline: 2px dashed #b33; outline-offset: -16px; }
      h1 { font: 700 39px/1.25 "Liberation Serif", serif; margin: 0 0 10px; letter-spacing: .04em; }
    </style><main><h1>Selvedge Denim</h1>100% cotton, 14 oz<br>Woven on shuttle looms<br>Wash cold, inside out<br>Do not tumble dry<br>Size W32 L34</main>`,
  },
};

const browser = await chromium.launch({
  ...(process.env.CHROME === undefined ? {} : { executablePath: process.env.CHROME }),
  args: ["--no-sandbox"],
});
for (const [name, { width, height, html }] of Object.entries(pictures)) {
  const page = await browser.newPage({ viewport: { width, height } });
  await page.setContent(
    `<style>body { margin: 0; height: 100vh; overflow: hidden; }</style>${html}`,
  );
  const png = await page.screenshot();
  // Playwright writes PNG and JPEG; the browser itself can write WebP, at a third of the size.
  const webp = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes]));
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    canvas.getContext("2d").drawImage(picture, 0, 0);
    const blob = await canvas.convertToBlob({ type: "image/webp", quality: 0.82 });
    return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
  }, png.toString("base64"));
  await writeFile(new URL(`${name}.webp`, import.meta.url), Buffer.from(webp, "base64"));
  await page.close();
}
await browser.close();

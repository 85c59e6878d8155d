/** The order matters: every browser names those that came before it, too. */
const NAMED = [
  /\b(?:Edg|OPR|SamsungBrowser)\w*\/\d+/,
  /\b(?:Firefox|FxiOS|CriOS)\/\d+/,
  /\bChrom(?:e|ium)\/\d+/,
  /\bVersion\/\d+(?=.*Safari)/,
  /\bOS \d+_\d+/,
];

/** Brand and major version of a browser, as its user agent tells them; of a webview on iOS, the system's. */
export function browserName(userAgent: string): string {
  for (const pattern of NAMED) {
    const found = pattern.exec(userAgent)?.[0];
    if (found !== undefined) return found;
  }
  return "unknown";
}

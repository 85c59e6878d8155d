/** What a language code (ISO 639) is called in English; the code itself where nothing is known. */
export function createLanguageNames(): (code: string) => string {
  const names = new Intl.DisplayNames("en", { type: "language", fallback: "code" });
  return (code) => {
    try {
      return names.of(code) ?? code;
    } catch {
      // A list that came with a model may hold anything; what is no code is shown as it is.
      return code;
    }
  };
}

import type { CountedModel } from "../loading/counted-model.ts";
import { createLanguageNames } from "./language-name.ts";
import { type NgramLists, ngramFeatures } from "./ngram-features.ts";

/** A language a text may be in. */
export interface LanguageGuess {
  readonly name: string;
  /** BCP 47, for `lang` attributes. */
  readonly tag: string;
  readonly probability: number;
}

export interface LanguageIdentifier {
  /** The likeliest languages of a text, best first. */
  identify(text: string, count: number, signal?: AbortSignal): Promise<readonly LanguageGuess[]>;
}

function stringsOf(value: unknown, what: string): readonly string[] {
  if (Array.isArray(value) && value.every((entry) => typeof entry === "string")) return value;
  throw new Error(`lande's ${what} is not a list of strings. Pack the model again.`);
}

function ngramListsOf(value: unknown): NgramLists {
  const lists: Partial<Record<string, unknown>> =
    typeof value === "object" && value !== null ? { ...value } : {};
  return {
    unigrams: stringsOf(lists["unigrams"], "ngrams.json (unigrams)"),
    bigrams: stringsOf(lists["bigrams"], "ngrams.json (bigrams)"),
    trigrams: stringsOf(lists["trigrams"], "ngrams.json (trigrams)"),
    quadgrams: stringsOf(lists["quadgrams"], "ngrams.json (quadgrams)"),
  };
}

/** Language identification with the `lande` model and the two lists that travel with it. */
export async function createLanguageIdentifier(lande: CountedModel): Promise<LanguageIdentifier> {
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(new TextDecoder().decode(await lande.attachment(name)));
  const [languages, lists] = await Promise.all([
    read("languages.json").then((value) => stringsOf(value, "languages.json")),
    read("ngrams.json").then(ngramListsOf),
  ]);
  const nameOf = createLanguageNames();

  return {
    async identify(text, count, signal) {
      const data = ngramFeatures(text, lists);
      const ngrams = { type: "float32", data, dims: [1, data.length] } as const;
      const outputs = await lande.predict({ ngrams }, signal);
      const probabilities = outputs["probabilities"]?.data ?? [];
      return languages
        .map((code, index) => ({
          name: nameOf(code),
          tag: Intl.getCanonicalLocales(code)[0] ?? code,
          probability: Number(probabilities[index] ?? 0),
        }))
        .toSorted((a, b) => b.probability - a.probability)
        .slice(0, count);
    },
  };
}

import type { CountedModel } from "../loading/counted-model.ts";
import { createLanguageNames } from "./language-name.ts";
import { type NgramLists, ngramFeatures } from "./ngram-features.ts";

/** A language that the model knows. */
export interface Language {
  readonly name: string;
  /** Its place among the model's answers. */
  readonly label: number;
}

/** A language a text may be in. */
export interface LanguageGuess extends Language {
  /** BCP 47, for `lang` attributes. */
  readonly tag: string;
  readonly probability: number;
}

/** Which language a text was really in, or that it was none of those that the model knows. */
export type LanguageTruth = Pick<Language, "label"> | { readonly correct: false };

/** What a text was taken for. */
export interface Identified {
  /** The likeliest languages, best first. */
  readonly guesses: readonly LanguageGuess[];
  /** Says what was true. @returns whether it is counted */
  tell(truth: LanguageTruth): Promise<boolean>;
}

export interface LanguageIdentifier {
  /** All of them, by name. */
  readonly languages: readonly Language[];
  identify(text: string, count: number, signal?: AbortSignal): Promise<Identified>;
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
  const [codes, lists] = await Promise.all([
    read("languages.json").then((value) => stringsOf(value, "languages.json")),
    read("ngrams.json").then(ngramListsOf),
  ]);
  const nameOf = createLanguageNames();

  const languages = codes.map((code, label) => ({ name: nameOf(code), label }));
  const tags = codes.map((code) => Intl.getCanonicalLocales(code)[0] ?? code);

  return {
    languages: languages.toSorted((a, b) => a.name.localeCompare(b.name, "en")),
    async identify(text, count, signal) {
      const data = ngramFeatures(text, lists);
      const ngrams = { type: "float32", data, dims: [1, data.length] } as const;
      const { id, outputs } = await lande.predict({ ngrams }, signal);
      const probabilities = outputs["probabilities"]?.data ?? [];
      const guesses = languages
        .map(({ name, label }) => ({
          ...{ name, label, tag: tags[label] ?? "" },
          probability: Number(probabilities[label] ?? 0),
        }))
        .toSorted((a, b) => b.probability - a.probability)
        .slice(0, count);
      return { guesses, tell: (truth) => lande.feedback(id, truth) };
    },
  };
}

export function landeSentences(): Promise<string[]>;
export function asTyped(text: string): string[];
export function landeReference(): Promise<{
  cases: { inputs: { ngrams: { type: string; dims: number[]; data: number[] } } }[];
}>;
export function featuresOf(text: string): number[];

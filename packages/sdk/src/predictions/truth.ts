/** What turned out to be true of a prediction: its class, whether the answer was right, or its number. */
export type Truth =
  | { readonly label: string | number }
  | { readonly correct: boolean }
  | { readonly value: number };

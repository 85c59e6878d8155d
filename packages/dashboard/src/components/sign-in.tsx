import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { DashboardState } from "../state/dashboard-state.ts";

interface SignInProps {
  readonly state: DashboardState;
}

/** Asks for the token that lets this tab read. */
export function SignIn({ state }: SignInProps): JSX.Element {
  const typed = useSignal("");
  const isRefused = state.token.value.value !== undefined && !state.isLoading.value;
  return (
    <section class="sign-in" aria-labelledby="sign-in-title">
      <h1 id="sign-in-title" tabIndex={-1}>
        Sign in to read
      </h1>
      <p class="soft">
        This collector answers only those who have a read token. Whoever runs it set one; a token
        for devices to send with is another, and cannot read.
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const token = typed.peek().trim();
          if (token === "") return;
          if (token === state.token.value.peek()) void state.refresh();
          else state.token.set(token);
        }}
      >
        <label for="token">Read token</label>
        <div class="field">
          <input
            id="token"
            type="password"
            autocomplete="off"
            spellcheck={false}
            required
            aria-describedby="token-note"
            aria-invalid={isRefused}
            value={typed.value}
            onInput={({ currentTarget }) => {
              typed.value = currentTarget.value;
            }}
          />
          <button type="submit" class="button button-main">
            Sign in
          </button>
        </div>
        {isRefused && (
          <p class="field-fault" role="alert">
            The collector does not take this token. Check that it is a read token, and whole.
          </p>
        )}
        <p id="token-note" class="faint">
          It is kept for this tab alone, and forgotten when the tab is closed.
        </p>
      </form>
    </section>
  );
}

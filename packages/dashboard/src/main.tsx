import { render } from "preact";
import { createCollectorApi } from "./api.ts";
import { App } from "./app.tsx";
import { bindViewToUrl } from "./state/bind-view-to-url.ts";
import { createDashboardState } from "./state/dashboard-state.ts";
import { poll } from "./state/poll.ts";
import { createReadToken } from "./state/read-token.ts";
import { parseView } from "./state/view.ts";

const root = document.getElementById("app");
if (root === null) throw new Error("The page has no #app to draw the dashboard into.");

const token = createReadToken(() => sessionStorage);
const state = createDashboardState({
  ask: createCollectorApi((input, init) => fetch(input, init), {
    token: () => token.value.peek(),
    now: Date.now,
  }),
  token,
  view: parseView(location.search),
  now: Date.now,
});
bindViewToUrl(state, window);
render(<App state={state} />, root);
poll(state, document);

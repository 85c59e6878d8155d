import { fetchByPage } from "./fetch-by-page.fixture.ts";
import "./keeper.ts";

// The keeper looks for `fetch` when it fetches, so that it is early enough here.
fetchByPage();

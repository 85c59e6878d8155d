import { withProfile } from "../delivery/visit.mjs";

/** Gives `use` a browser profile of its own for each contender. */
export async function withProfiles(contenders, use, profiles = new Map()) {
  const [contender, ...others] = contenders;
  if (contender === undefined) return use(profiles);
  return withProfile((profile) =>
    withProfiles(others, use, new Map([...profiles, [contender, profile]])),
  );
}

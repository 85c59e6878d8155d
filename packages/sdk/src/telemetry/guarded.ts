/** Whatever comes of telling others, the call or the request that they are told of stands. */
export function guarded<Told>(tell: ((told: Told) => void) | undefined): (told: Told) => void {
  return (told) => {
    try {
      tell?.(told);
    } catch {}
  };
}

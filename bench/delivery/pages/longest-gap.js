/** How often the timer wants to fire. Browsers make nested timers wait for 4 ms at least. */
const EVERY_MS = 5;

/**
 * Watches a timer of the page.
 *
 * @returns {() => number} ends that, and tells by how many milliseconds the timer was late at most
 */
export function watchTimer() {
  let last = performance.now();
  let longest = 0;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last - EVERY_MS);
    last = now;
  };
  const timer = setInterval(look, EVERY_MS);
  return () => {
    look();
    clearInterval(timer);
    return longest;
  };
}

// HubSpot's limits as the benchmark has them: calls take 300 ms, 190 may be made in any ten seconds, and five searches in any second.

export const LATENCY_MS = 300;
export const LIMITS = { enabled: true, burst: 190, burstMs: 10_000, searchPerSecond: 5 };

/** Seconds until the last of so many calls may be made, of which `most` are allowed in any `windowSeconds`. */
export function budgetSeconds(calls, most = LIMITS.burst, windowSeconds = LIMITS.burstMs / 1000) {
  return (Math.ceil(calls / most) - 1) * windowSeconds;
}

/**
 * The known name most similar to `name`; undefined when none is similar.
 *
 * @param most how many letters may differ: up to half of them by default, enough for a typo or another naming convention, too little for
 *   an unrelated word
 */
export function nearest(
  name: string,
  known: readonly string[],
  most = Math.max(2, Math.floor(name.length / 2)),
): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return bestDistance <= most ? best : undefined;
}

/** Levenshtein's distance: the fewest insertions, deletions and replacements that make one word the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    let left = i + 1;
    row = row.map((above, j) => {
      if (j > 0) left = Math.min((row[j - 1] ?? 0) + (letter === to[j - 1] ? 0 : 1), above + 1, left + 1);
      return left;
    });
  }
  return row[to.length] ?? 0;
}

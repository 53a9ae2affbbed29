/** How varied texts are, on words and slots. */

function words(text: string): string[] {
  return text.toLowerCase().match(/@\w+|[a-z'-]+|[.,;:()]/g) ?? [];
}

function grams(tokens: readonly string[], length: number): string[] {
  return tokens.slice(length - 1).map((_, at) => tokens.slice(at, at + length).join(' '));
}

/** Share of different n-grams among all of them (Li et al. 2016): 1 says that none comes twice. */
export function distinct(texts: readonly string[], length: number): number {
  const all = texts.flatMap((text) => grams(words(text), length));
  return new Set(all).size / all.length;
}

const ORDER_MAX = 4;

/**
 * Mean BLEU of each text against all others (Zhu et al. 2018): 1 says that they are all alike. Precisions of no match
 * count as half a match.
 */
export function selfBleu(texts: readonly string[]): number {
  const tokens = texts.map(words);
  const counts = tokens.map((text) =>
    Array.from({ length: ORDER_MAX }, (_, order) => countOf(grams(text, order + 1))),
  );
  const scores = tokens.map((text, at) => {
    const others = counts.filter((_, other) => other !== at);
    const logs = Array.from({ length: ORDER_MAX }, (_, order) => {
      const own = counts[at]?.[order] ?? new Map<string, number>();
      let matched = 0;
      for (const [gram, count] of own) {
        const most = Math.max(...others.map((other) => other[order]?.get(gram) ?? 0));
        matched += Math.min(count, most);
      }
      const total = Math.max(1, text.length - order);
      return Math.log(Math.max(matched, 0.5) / total);
    });
    return Math.exp(logs.reduce((sum, log) => sum + log, 0) / ORDER_MAX);
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

function countOf(items: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

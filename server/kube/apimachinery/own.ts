/** What a table says of a word that somebody else has chosen: of `constructor` nothing, though every object has one. */
export const ownOf = <T>(table: Readonly<Record<string, T>> | undefined, word: string): T | undefined =>
  table && Object.hasOwn(table, word) ? table[word] : undefined

/** A rule that leads to an endpoint: its chance and whom it leads to, as kube-proxy notes them. */
export function choiceWords(rule: string): string {
  const [, to] = /--comment "[^"]* -> ([^"]+)"/.exec(rule) ?? []
  if (!to) return rule
  const [, chance] = /--probability ([\d.]+)/.exec(rule) ?? []
  return `${chance ? `1 in ${Math.round(1 / Number(chance))}` : 'else'} → ${to}`
}

/** What became of each of the rules, of which the first that fits is taken. */
export function choiceEnds(choice: readonly { met: boolean }[]): ('taken' | 'passed over' | 'not reached')[] {
  const taken = choice.findIndex(({ met }) => met)
  return choice.map(({ met }, index) => (met ? 'taken' : index < taken ? 'passed over' : 'not reached'))
}

// Which loops run: upstream's `--controllers`, a list with commas. `*` stands for all that are on by default, a name turns
// one on, a name with a minus before it turns one off. Names may end in `-controller`, as upstream's do.

import type { ControllerDefinition } from '../client/controller-builder.ts'

export function chosenControllers(all: readonly ControllerDefinition[], told: string): ControllerDefinition[] {
  const entries = told.split(',').map((entry) => entry.trim().replace(/-controller$/, ''))
  const names = all.map(({ name }) => name)
  const stranger = entries.find((entry) => entry !== '*' && !names.includes(entry.replace(/^-/, '')))
  if (stranger !== undefined) {
    throw new Error(`--controllers: "${stranger}" is not in the list of known controllers: ${names.join(', ')}`)
  }
  return all.filter(({ name, isOffByDefault }) => {
    if (entries.includes(name)) return true
    return !entries.includes(`-${name}`) && !isOffByDefault && entries.includes('*')
  })
}

// Pods that run once, as a table: what their containers say and how they end. Each fact is named as upstream's.

import { expect, it } from 'vitest'
import { AROUND } from './around-containers.ts'
import { ENDS } from './ends-of-containers.ts'
import { configMap, pod, type Seat, secret } from './seat.ts'
import { TOLD } from './told-to-containers.ts'

export interface Fact {
  tests: string
  spec: { containers: object[]; [field: string]: unknown }
  /** Of one container `main`, or by container: lines among what it says. */
  says?: (string | RegExp)[] | Record<string, (string | RegExp)[]>
  phase?: 'Succeeded' | 'Failed'
  statuses?: object[]
  status?: object
}

const FACTS: Record<string, Fact> = { ...TOLD, ...ENDS, ...AROUND }

export const endingPods: readonly object[] = [
  configMap('variables', { 'data-1': 'value-1' }),
  secret('hidden', { 'data-2': 'value-2' }),
  ...Object.entries(FACTS).map(([name, { spec }]) => pod(name, { restartPolicy: 'Never', ...spec })),
]

export function podsThatEnd(seat: () => Seat): void {
  const facts = Object.entries(FACTS).map(([name, fact]) => ({ name, ...fact }))
  it.each(facts)('$tests', async ({ name, phase = 'Succeeded', says = {}, statuses, status: whole = {} }) => {
    const { status } = await seat().ended(name)
    expect(status?.phase, JSON.stringify(status)).toBe(phase)
    expect(status).toMatchObject(whole)
    if (statuses) expect(status?.containerStatuses?.toSorted(byName)).toMatchObject(statuses.toSorted(byName))
    for (const [container, wanted] of Object.entries(Array.isArray(says) ? { main: says } : says)) {
      const lines = await seat().logs(name, container)
      for (const line of wanted) {
        const matches = (said: string) => (typeof line === 'string' ? said === line : line.test(said))
        expect(lines.some(matches), `${container} says ${line}:\n${lines.join('\n')}`).toBe(true)
      }
    }
  })
}

const byName = (one: { name?: string }, other: { name?: string }) => (one.name ?? '').localeCompare(other.name ?? '')

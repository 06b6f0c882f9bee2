import { expect, it } from 'vitest'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { CollectedLogs } from './collected-logs.ts'
import { CONTAINER_NAME, POD_NAME, POD_NAMESPACE } from './labels.ts'

const [gone, there] = ['a'.repeat(64), 'b'.repeat(64)]
const labels = { [POD_NAME]: 'web', [POD_NAMESPACE]: 'default', [CONTAINER_NAME]: 'app' }

it('takes away the names of containers that are gone, and of nothing else', async () => {
  const names = new Set(['other.log'])
  const os = {
    ...createSimulatedNodeOs({ hostname: 'n1' }),
    list: async () => [...names],
    link: async (_target: string, path: string) => void names.add(path.replace('/var/log/containers/', '')),
    remove: async (path: string) => void names.delete(path.replace('/var/log/containers/', '')),
  }
  const logs = new CollectedLogs(os, '/var/log')
  await logs.add({ id: gone, labels }, '/log/1')
  await logs.add({ id: there, labels }, '/log/2')
  expect([...names]).toContain(`web_default_app-${gone}.log`)
  await logs.sweep(async () => [there])
  expect([...names]).toEqual(['other.log', `web_default_app-${there}.log`])
  await logs.remove({ id: there, labels })
  expect([...names]).toEqual(['other.log'])
})

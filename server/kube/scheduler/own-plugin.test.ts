import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestServer } from '../apiserver/testing/test-server.ts'
import { loadOwnPlugins } from '../cluster/own-plugins.ts'
import { startTestLoops, type TestLoops } from '../controllers/testing/test-loops.ts'
import { Event } from '../kinds/event.ts'
import { Pod } from '../kinds/pod.ts'
import { PriorityClass } from '../kinds/priority-class.ts'
import { type MakePlugin, runScheduler } from './index.ts'
import { readSchedulerConfiguration } from './scheduler-configuration.ts'

/** Pods of a gang wait at `permit` until there are as many of them as their label says. */
const GANG = `
export default ({ waiting }) => ({
  name: 'Gang',
  permit(_state, { metadata: { labels = {}, uid } }) {
    if (!labels.gang) return undefined
    const others = waiting.list().filter(({ pod }) => pod.metadata.labels?.gang === labels.gang)
    if (others.length + 1 < Number(labels.size)) return { waitMs: 30_000 }
    for (const other of others) other.allow('Gang')
    return undefined
  },
})`
const CONFIGURATION = `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- plugins: {permit: {enabled: [{name: Gang}]}}
- schedulerName: plain
`

let directory: string
let loops: TestLoops
let ownPlugins: MakePlugin[]
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-'))
  await writeFile(join(directory, 'gang.mjs'), GANG)
  ownPlugins = await loadOwnPlugins(join(directory, 'gang.mjs'))
  const configuration = readSchedulerConfiguration(CONFIGURATION, 'scheduler.yaml')
  loops = await startTestLoops({
    startTestServer,
    runScheduler: (options) => runScheduler({ ...options, configuration, ownPlugins }),
  })
  await loops.run()
  await loops.addNode('node-1', { cpu: '2' })
})
afterAll(async () => {
  await loops[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

interface Told {
  schedulerName?: string
  size?: number
  cpu?: string
  priorityClassName?: string
}

const create = (
  name: string,
  { schedulerName = 'default-scheduler', size = 2, cpu = '500m', priorityClassName }: Told = {},
) =>
  loops.client.of(Pod).create({
    metadata: { name, namespace: 'default', labels: { gang: 'g', size: String(size) } },
    spec: {
      schedulerName,
      ...(priorityClassName ? { priorityClassName } : {}),
      containers: [{ name: 'c', image: 'web:1', resources: { requests: { cpu } } }],
    },
  })
const get = (name: string) => loops.client.of(Pod).get({ namespace: 'default', name })
const nodeOf = async (name: string) => (await get(name)).spec?.nodeName
const isDecided = (name: string) =>
  loops.traces.some((event) => event.type === 'schedule' && event.pod === `default/${name}` && event.chosen)

it('holds a pod that has a node until the others of its gang have one too', async () => {
  await create('first')
  await loops.until('decided', () => isDecided('first'))
  expect(await nodeOf('first')).toBeUndefined()
  await create('second')
  for (const name of ['first', 'second']) await loops.until(`${name} bound`, () => nodeOf(name))
})

it('gives back the room of a pod whose time is over, says so, and leaves other profiles alone', async () => {
  await create('lonely', { size: 9, cpu: '1' })
  await loops.until('decided', () => isDecided('lonely'))
  // The whole node is spoken for while it waits.
  await create('plain', { schedulerName: 'plain', cpu: '1' })
  await loops.until('refused', async () => (await get('plain')).status?.conditions)
  const told = '0/1 nodes are available: 1 rejected due to timeout after waiting 30s at plugin Gang.'
  // An Event stays; the condition is written over when it is tried again, which may be at once.
  await loops.until('sent back', async () => {
    const { items } = await loops.client.of(Event).list({ namespace: 'default' })
    return items.some(({ involvedObject, message }) => involvedObject.name === 'lonely' && message === told)
  })
  await loops.until('plain bound', () => nodeOf('plain'))
})

it('sends a less important pod that waits for its gang back into the line, and does not delete it', async () => {
  await loops.client.of(PriorityClass).create({ metadata: { name: 'high' }, value: 1000 })
  await loops.addNode('node-2', { cpu: '500m' })
  await create('waiting', { size: 9, cpu: '500m' })
  await loops.until('decided', () => isDecided('waiting'))
  await create('urgent', { schedulerName: 'plain', cpu: '500m', priorityClassName: 'high' })
  await loops.until('urgent bound', () => nodeOf('urgent'))
  const { metadata, status } = await get('waiting')
  expect(metadata?.deletionTimestamp).toBeUndefined()
  expect(status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toBeUndefined()
})

it('says what is wrong with a module', async () => {
  await expect(loadOwnPlugins(join(directory, 'none.mjs'))).rejects.toThrow('none.mjs cannot be loaded')
  await writeFile(join(directory, 'empty.mjs'), '')
  await expect(loadOwnPlugins(join(directory, 'empty.mjs'))).rejects.toThrow('must export as its default a function')
})

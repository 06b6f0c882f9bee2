import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { EndpointSlice, Event, Service } from '../kinds/index.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { runKubeProxy } from './index.ts'
import { endpoint, service, slice } from './testing/sample-services.ts'

let clock: FakeClock
let test: TestServer
let proxy: AsyncDisposable
/** What went to iptables-restore. */
let restored: string[]
let saved: string
let fails: boolean

beforeEach(async () => {
  clock = new FakeClock()
  restored = []
  saved = ''
  fails = false
  test = await startTestServer({ clock })
  proxy = await start('iptables', async (command, _args, { input = '' } = {}) => {
    if (command === 'iptables-save') return { exitCode: 0, stdout: saved, stderr: '' }
    if (command !== 'iptables-restore') return { exitCode: 0, stdout: '', stderr: '' }
    if (fails) return { exitCode: 1, stdout: '', stderr: 'line 7 failed' }
    restored.push(input)
    return { exitCode: 0, stdout: '', stderr: '' }
  })
})
const start = (mode: string, run: NodeOs['run']) =>
  runKubeProxy({
    nodeName: 'n1',
    nodeIP: '10.160.1.11',
    client: test.client,
    os: { ...createSimulatedNodeOs({ hostname: 'n1' }), run, kindOf: async () => 'file' },
    clock,
    logger: noLogger,
    random: () => 0,
    readConfiguration: async () => `{ kind: KubeProxyConfiguration, mode: ${mode} }`,
    clusterCidr: '10.244.0.0/16',
    serviceCidr: '10.96.0.0/12',
  })
afterEach(async () => {
  await proxy[Symbol.asyncDispose]()
  await test[Symbol.asyncDispose]()
})

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let step = 0; step < 2000; step++) {
    if (condition()) return
    await clock.advance(20)
    // Requests to the server settle outside of the clock.
    await new Promise((next) => setImmediate(next))
  }
  throw new Error(`never came true: ${what}; written so far:\n${restored.join('\n')}`)
}
const last = () => restored.at(-1) ?? ''

it('writes all once, and then only what changed', async () => {
  await until('there are rules', () => last().includes('"default/kubernetes:https has no endpoints"'))
  await test.client.of(Service).create(service())
  await until('it is refused', () => last().includes('"default/web has no endpoints"'))
  await test.client.of(EndpointSlice).create(slice(endpoint('10.244.0.2')))
  await until('it is led', () => last().includes('--to-destination 10.244.0.2:8080'))
  await test.client.of(EndpointSlice).update(slice(endpoint('10.244.0.2'), endpoint('10.244.0.3')))
  await until('there are two', () => last().includes('10.244.0.3:8080'))
  expect(last()).not.toContain('10.244.0.2:8080 -j')
  expect(last().match(/^:\S+/gm)).toHaveLength(2)
  expect(last()).not.toContain('*filter')
})

it('tries again after a failure, and then writes everything', async () => {
  await until('there are rules', () => restored.length > 0)
  const before = restored.length
  fails = true
  await test.client.of(Service).create(service())
  await clock.advance(10_000)
  expect(restored).toHaveLength(before)
  fails = false
  await until('it is written', () => last().includes('default/web has no endpoints'))
  expect(last()).toContain(':KUBE-POSTROUTING')
})

it('writes everything again when somebody took the jumps away', async () => {
  await until('there are rules', () => restored.length > 0)
  const before = restored.length
  saved = '*nat\n:KUBE-SERVICES - [0:0]\nCOMMIT\n'
  await until('all is written again', () => restored.length > before)
  expect(last()).toContain('-I PREROUTING 1')
})

it('comes back by itself to endpoints of mode ipvs that wait for their last connection', async () => {
  let connections = 1
  const asked: string[] = []
  await using _ = await start('ipvs', async (command, args, { input = '' } = {}) => {
    if (command === 'iptables-save') return { exitCode: 0, stdout: saved, stderr: '' }
    // Nobody takes them away.
    if (command === 'iptables-restore') saved += input.replaceAll(/^-I (\S+) 1/gm, '-A $1')
    if (command === 'ipvsadm') asked.push(input)
    const list = `TCP  10.96.0.50:80 rr\n  -> 10.244.0.2:8080  Masq  1  ${connections}  0\n`
    return { exitCode: 0, stdout: args[0] === '--list' ? list : '', stderr: '' }
  })
  await test.client.of(Service).create(service())
  await test.client.of(EndpointSlice).create(slice(endpoint('10.244.0.2'), endpoint('10.244.0.3')))
  const was = (line: string) => asked.some((input) => input.includes(line))
  await until('both are led to', () => was('-a -t 10.96.0.50:80 -r 10.244.0.2:8080 -m -w 1'))
  await test.client.of(EndpointSlice).update(slice(endpoint('10.244.0.3')))
  await until('one gets no new calls', () => was('-e -t 10.96.0.50:80 -r 10.244.0.2:8080 -m -w 0'))
  connections = 0
  await until('it is gone', () => was('-d -t 10.96.0.50:80 -r 10.244.0.2:8080'))
})

it('says that it has started, as the node’s', async () => {
  const told = async () => (await test.client.of(Event).list({ namespace: 'default' })).items
  for (let step = 0; step < 2000 && (await told()).length === 0; step++) await clock.advance(20)
  expect(await told()).toMatchObject([
    {
      involvedObject: { kind: 'Node', name: 'n1', uid: 'n1' },
      reason: 'Starting',
      source: { component: 'kube-proxy', host: 'n1' },
    },
  ])
})

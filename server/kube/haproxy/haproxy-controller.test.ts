// The loop against the real API server; HAProxy is what it is told.

import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { noTrace } from '../../base/trace.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { runControllers } from '../client/controller-runner.ts'
import { Event } from '../kinds/event.ts'
import { Node, Service } from '../kinds/index.ts'
import { haproxyController } from './haproxy-controller.ts'

const CLASS = 'podium.dev/haproxy'
let clock: FakeClock
let server: TestServer
let config: string
let running: AsyncDisposable

beforeEach(async () => {
  clock = new FakeClock()
  server = await startTestServer({ clock })
  config = ''
  const use = async (next: string) => {
    const isOther = next !== config
    config = next
    return isOther
  }
  running = runControllers({
    definitions: [haproxyController({ use, addresses: ['10.160.1.11', 'fd00:10:160::aa0:10b'], className: CLASS })],
    component: 'haproxy-controller',
    clientFor: () => server.client,
    clock,
    logger: noLogger,
    trace: noTrace,
    random: () => 0,
  })
})
afterEach(async () => {
  await running[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let step = 0; step < 2000; step++) {
    if (await condition()) return
    await clock.advance(20)
    // Requests to the server settle outside of the clock.
    await new Promise((next) => setImmediate(next))
  }
  throw new Error(`never came true: ${what}\n${config}`)
}
const services = () => server.client.of(Service)
const make = (name: string) =>
  services().create({
    metadata: { name, namespace: 'default' },
    spec: { type: 'LoadBalancer', loadBalancerClass: CLASS, ports: [{ port: 80 }] },
  })
const ingressOf = async (name: string) =>
  (await services().get({ name, namespace: 'default' })).status?.loadBalancer?.ingress

it('listens for Services of its class, says where, says what it cannot, and goes when it is not asked any more', async () => {
  const node = await server.client.of(Node).create({ metadata: { name: 'n1' } })
  await server.client.of(Node).updateStatus({
    ...node,
    status: {
      addresses: [{ type: 'InternalIP', address: '10.160.1.12' }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  })
  const web = await make('web')
  await until('it listens', () => config.includes('listen default.web:80'))
  expect(config).toContain(`server n1 10.160.1.12:${web.spec?.ports?.[0]?.nodePort} check`)
  await until('it is published', async () => (await ingressOf('web'))?.[0]?.ip === '10.160.1.11')
  expect(await ingressOf('web')).toEqual([{ ip: '10.160.1.11', ipMode: 'Proxy' }])
  await clock.advance(2_000)
  await make('young')
  await until('it is said that the port is taken', async () =>
    (await server.client.of(Event).list()).items.some(
      ({ message }) => message === 'port 80 is taken by Service "default/web"',
    ),
  )
  const web2 = { name: 'web', namespace: 'default' }
  await services().patch(web2, 'application/merge-patch+json', { spec: { type: 'ClusterIP', loadBalancerClass: null } })
  await until('the other has the port', () => config.includes('listen default.young:80'))
  await until('its address is taken back', async () => (await ingressOf('web')) === undefined)
})

// What the Network lens says against what happened: calls from a Pod to a Service with an endpoint on each of two
// machines, counted by the servers' own access logs, and the calls to a Service that reaches nobody.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SeenConnection } from '../server/observe/network/network-push.ts'
import { SeenConnections } from './connections/seen-connections.ts'
import { TRACED_OBJECTS, tracedRequests } from './connections/traced-requests.ts'
import { tracingOf } from './connections/tracing-of.ts'
import { kubectl, podium } from './support/commands.ts'
import { onMachine } from './support/machine.ts'
import { until } from './support/until.ts'

const CLUSTER = 'e2e-connections'
const CALLS = 40
const web = (name: string, node: string) => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: web, at: ${node}}}
spec:
  nodeName: ${node}
  terminationGracePeriodSeconds: 1
  containers:
  - name: web
    image: nginx
    ports: [{containerPort: 80}]
    readinessProbe: {httpGet: {port: 80}, periodSeconds: 1}
---`
const MANIFEST = `${web('web-1', 'node-1')}${web('web-2', 'node-2')}
apiVersion: v1
kind: Pod
metadata: {name: client, labels: {app: client}}
spec:
  nodeName: node-1
  terminationGracePeriodSeconds: 1
  containers: [{name: client, image: curlimages/curl, command: [sleep, '100000']}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 8080, targetPort: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: nobody}
spec: {selector: {app: wbe}, ports: [{port: 8080, targetPort: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: closed}
spec: {selector: {app: web}, ports: [{port: 8080, targetPort: 81}]}
---${TRACED_OBJECTS}`

let directory: string
let kube: ReturnType<typeof kubectl>
let tracing: Awaited<ReturnType<typeof tracingOf>>
let seen: SeenConnections

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
  const path = join(directory, 'kubeconfig.yaml')
  await podium('cluster', 'create', CLUSTER, '--nodes', '2', '--kubeconfig', path)
  kube = kubectl('1.36', path)
  await run('apply -f -', MANIFEST)
  await run('wait pods -l app!=sick --for=condition=Ready --timeout=60s')
  tracing = await tracingOf(path)
  seen = await SeenConnections.open(path)
})
afterAll(async () => {
  seen?.[Symbol.dispose]()
  tracing?.[Symbol.dispose]()
  await podium('cluster', 'delete', CLUSTER)
  await rm(directory, { recursive: true, force: true })
})

async function run(command: string, input = ''): Promise<string> {
  const { code, stdout, stderr } = await kube(command, { input })
  expect(code, `kubectl ${command}\n${stdout}${stderr}`).toBe(0)
  return stdout
}

const to = (service: string) =>
  seen.all.filter(({ asked, from }) => asked.service?.name === service && from.pod?.name === 'client')
const pathOf = (service: string) => seen.services.find(({ name }) => name === service)?.path

/** How many processes listen to the kernel of a machine. */
const listeners = async (machine: string) =>
  Number(await onMachine(CLUSTER, machine, 'pgrep -fc "[m]onitor trace|[c]onntrack -E" || true'))

describe('connections to a Service with an endpoint on each of two machines', () => {
  it('are as many, and go where, the servers’ own logs say', async () => {
    // Not by keep-alive: each call is a connection, and each is a choice.
    await run(
      `exec client -- sh -c 'for i in $(seq ${CALLS}); do curl -s -A lens-test -o /dev/null http://web:8080/; done'`,
    )
    const answered = new Map<string, number>()
    for (const pod of ['web-1', 'web-2']) {
      const lines = (await run(`logs ${pod}`)).split('\n').filter((line) => line.includes('lens-test'))
      answered.set(pod, lines.length)
    }
    expect([...answered.values()].reduce((sum, count) => sum + count)).toBe(CALLS)
    // Across machines both kernels tell, and it is one connection still.
    const bothTell = ({ endpoint, machines }: SeenConnection) =>
      machines.join() === (endpoint.machine === 'node-1' ? 'node-1' : 'node-1,node-2')
    await until('every call is seen', async () => to('web').filter(bothTell).length >= CALLS, 10_000)
    const chosen = Map.groupBy(to('web'), ({ endpoint }) => endpoint.pod?.name ?? endpoint.ip)
    expect(new Map([...chosen].map(([pod, connections]) => [pod, connections.length]))).toEqual(answered)
    for (const { endpoint, from, asked } of to('web')) {
      expect([from.machine, asked.port, endpoint.port]).toEqual(['node-1', 8080, 80])
    }
  })

  it('are told apart from probes and from names looked up', async () => {
    const purposes = Map.groupBy(seen.all, ({ purpose }) => purpose)
    expect(purposes.get('dns')?.length).toBeGreaterThanOrEqual(CALLS)
    await until('both Pods are probed', async () => {
      const probed = seen.all.filter(({ purpose }) => purpose === 'probe')
      return ['web-1', 'web-2'].every((name) => probed.some(({ endpoint }) => endpoint.pod?.name === name))
    })
  })
})

describe('a Service that reaches nobody', () => {
  it('says why; the kernel refuses before there is a connection, and tells by which rule', async () => {
    expect(pathOf('web')?.nobody).toBe('')
    expect(pathOf('nobody')?.nobody).toBe('It selects `app=wbe`; no Pod has that label.')
    await until('the refusal is seen', async () => {
      expect((await kube('exec client -- curl -sS -m 5 http://nobody:8080/')).code).not.toBe(0)
      return to('nobody').length > 0
    })
    const [refused] = to('nobody')
    expect(refused).toMatchObject({ machines: ['node-1'], end: { how: 'refused', by: { machine: 'node-1' } } })
    expect(refused?.end?.by?.rule).toMatch(/^-A KUBE-SERVICES .*"default\/nobody has no endpoints" .* -j REJECT/)
    expect(refused?.end?.by?.why).toContain('It selects `app=wbe`; no Pod has that label.')
  })

  it('since nobody listens on the target port, is refused by the Pod itself', async () => {
    expect(pathOf('closed')?.nobody).toBe('')
    expect((await kube('exec client -- curl -sS -m 5 http://closed:8080/')).code).not.toBe(0)
    await until('the refusal is seen', async () => to('closed').some(({ end }) => end?.how === 'refused'), 10_000)
  })
})

it('a call that a network policy drops on another machine is shown with the Service that was asked, and the policy', async () => {
  const spec = {
    podSelector: { matchLabels: { at: 'node-2' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'friend' } } }] }],
  }
  const metadata = { name: 'friends' }
  await run('apply -f -', JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec }))
  const dropped = await until('a call is dropped, and seen', async () => {
    await kube('exec client -- curl -sS -m 1 http://far:8080/')
    return to('far').find(({ end }) => end?.how === 'dropped')
  })
  expect(dropped).toMatchObject({
    endpoint: { pod: { name: 'web-2' } },
    machines: ['node-1', 'node-2'],
    end: { by: { machine: 'node-2', rule: 'counter drop comment "ingress dropped by default/friends"' } },
  })
  await run('delete networkpolicy friends')
})

tracedRequests(() => ({ cluster: CLUSTER, run, trace: (question) => tracing.trace(question) }))

it('lets the machines alone when nobody looks any more', async () => {
  expect(await listeners('node-1')).toBe(2)
  seen[Symbol.dispose]()
  await until('no process listens', async () => (await listeners('node-1')) === 0)
  await until('nothing is asked of the kernel', async () => {
    return !(await onMachine(CLUSTER, 'node-1', 'nft list tables')).includes('podium')
  })
})

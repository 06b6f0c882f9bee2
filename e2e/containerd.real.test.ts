// A cluster whose pods are run by containerd through its CRI, in place of the machines' Docker engines.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Kubectl, kubectl, podium } from './support/commands.ts'
import { onMachine } from './support/machine.ts'
import { until } from './support/until.ts'

const CLUSTER = 'e2e-containerd'
const AGENT = '(/usr/bin/)?node .*/node-agent.mjs .*'
let directory: string
let kube: Kubectl
const machine = (script: string) => onMachine(CLUSTER, 'node-1', script)

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
  const kubeconfig = join(directory, 'kubeconfig.yaml')
  const told = ['--nodes', '1', '--container-runtime', 'containerd', '--kubeconfig', kubeconfig]
  await podium('cluster', 'create', CLUSTER, ...told)
  kube = kubectl('1.36', kubeconfig)
})
afterAll(async () => {
  await podium('cluster', 'delete', CLUSTER)
  await rm(directory, { recursive: true, force: true })
})

async function says(args: string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await kube(args, { timeoutMs: 120_000, ...(input ? { input } : {}) })
  expect(code, `kubectl ${args}\n${stdout}${stderr}`).toBe(0)
  return stdout
}
const apply = (...items: object[]) => says('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
const containers = async () => (await machine('ctr -n k8s.io tasks ls -q')).split('\n').filter(Boolean).sort()

it('runs pods, their network, names and commands', async () => {
  await apply(
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'web', image: 'nginx', readinessProbe: { httpGet: { path: '/', port: 80 } } }] },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    },
  )
  await says('rollout status deployment web --timeout=120s')
  expect(await says('get node node-1 -o jsonpath={.status.nodeInfo.containerRuntimeVersion}')).toMatch(
    /^containerd:\/\/1\.\d/,
  )
  // Pauses too.
  expect(await containers()).toHaveLength(4)
  const fetched = await says('run client --image=busybox --restart=Never --rm -i -- wget -qO- -T 30 http://web')
  expect(fetched).toContain('Welcome to nginx')
  expect((await kube('exec -i deploy/web -- sh -c cat', { input: 'typed' })).stdout).toBe('typed')
  expect((await kube(`exec deploy/web -- sh -c 'exit 4'`)).code).toBe(4)
  await until('the log of a request', async () => (await says('logs -l app=web')).includes('"GET / HTTP/1.1" 200'))
})

it('runs a pod under the runtime that its class names, with an image for a volume, and says when a machine has none of that name', async () => {
  const runtimeClass = (name: string, handler: string) => ({
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name },
    handler,
  })
  const pod = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      runtimeClassName: name,
      containers: [
        {
          name: 'main',
          image: 'busybox',
          command: ['sleep', '100000'],
          volumeMounts: [{ name: 'image', mountPath: '/image' }],
        },
      ],
      volumes: [{ name: 'image', image: { reference: 'nginx' } }],
    },
  })
  await apply(runtimeClass('quick', 'crun'), runtimeClass('odd', 'odd'), pod('quick'), pod('odd'))
  await says('wait pod quick --for=condition=Ready --timeout=60s')
  const id = (await says('get pod quick -o jsonpath={.status.containerStatuses[0].containerID}')).replace(/^.*:../, '')
  // Where runc keeps a state.json, crun keeps its status.
  expect(await machine(`ls /run/containerd/runc/k8s.io/${id}`)).toMatch(/^config.json\n.*status\n/s)
  // Several layers as one tree, for reading.
  expect(await says('exec quick -- ls /image/etc/nginx/nginx.conf /image/etc/debian_version')).toContain('nginx.conf')
  expect((await kube('exec quick -- touch /image/new')).stderr).toContain('Read-only file system')
  const refused =
    'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for "odd" is configured'
  await until('it is told', async () =>
    (await says('get events --field-selector involvedObject.name=odd')).includes(refused),
  )
  await says('delete pod quick odd --grace-period=1')
})

it('goes on where it was when the kubelet or containerd is killed', { timeout: 240_000 }, async () => {
  const before = await containers()
  const agent = () => machine(`pgrep -xf '${AGENT}' || true`)
  const containerd = () => machine(`pgrep -xf 'containerd --config /etc/podium/containerd.toml .*' || true`)
  for (const [what, of] of Object.entries({ agent, containerd })) {
    const pid = (await of()).trim()
    await machine(`kill -9 ${pid}`)
    await until(`another ${what}`, async () => !['', pid].includes((await of()).trim()))
    await until('it answers', async () => (await machine('ctr version >/dev/null 2>&1 && echo yes || true')) !== '')
    expect(await containers()).toEqual(before)
  }
  await until('it is ready', async () => / Ready /.test(await says('get node node-1')))
  await says('scale deployment web --replicas=3')
  await says('rollout status deployment web --timeout=120s')
  expect(await containers()).toEqual(expect.arrayContaining(before))
  const counts = await says('get pods -l app=web -o jsonpath={.items[*].status.containerStatuses[*].restartCount}')
  expect(counts).toBe('0 0 0')
})

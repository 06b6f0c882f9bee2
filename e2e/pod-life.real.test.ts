// From a pod's first init container to its last sidecar, on a real machine: what the labs about pods teach.

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Pod } from 'kubernetes-types/core/v1'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubectl, podium, root, words } from './support/commands.ts'
import { until } from './support/until.ts'

const CLUSTER = 'e2e-pod-life'
let directory: string
let kubeconfig: string

/** Says that it is up, and on SIGTERM that it goes. */
const LIFE = (name: string, up = '') =>
  `trap "echo ${name}-term; sleep 1; echo ${name}-gone; exit 0" TERM; ${up} echo ${name}-up; while :; do sleep 0.1; done`

/** Patient with a machine that has much to do. */
const OFTEN = { periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 1 }

const PODS = [
  {
    metadata: { name: 'life' },
    spec: {
      terminationGracePeriodSeconds: 20,
      volumes: [{ name: 'shared', emptyDir: {} }],
      initContainers: [
        { name: 'prepare', command: ['sh', '-c', 'echo prepared > /shared/page'] },
        {
          name: 'first',
          restartPolicy: 'Always',
          command: ['sh', '-c', LIFE('first', '(sleep 2; touch /shared/first-ready) &')],
          startupProbe: { exec: { command: ['test', '-f', '/shared/first-ready'] }, periodSeconds: 1 },
        },
        { name: 'second', restartPolicy: 'Always', command: ['sh', '-c', LIFE('second')] },
      ],
      containers: [
        {
          name: 'app',
          command: ['sh', '-c', LIFE('app', 'cat /shared/page; ls /shared;')],
          lifecycle: {
            postStart: { exec: { command: ['sh', '-c', 'echo post-start > /proc/1/fd/1'] } },
            preStop: { exec: { command: ['sh', '-c', 'echo pre-stop > /proc/1/fd/1; sleep 1'] } },
          },
        },
      ],
    },
  },
  {
    metadata: { name: 'crasher' },
    spec: { containers: [{ name: 'crasher', command: ['sh', '-c', 'echo one more time; exit 3'] }] },
  },
  {
    metadata: { name: 'speaker' },
    spec: {
      terminationGracePeriodSeconds: 1,
      restartPolicy: 'Never',
      containers: [
        {
          name: 'much',
          command: [
            'sh',
            '-c',
            'for i in 1 2 3 4 5; do echo out-$i; sleep 0.1; echo err-$i >&2; sleep 0.1; done; sleep 6; echo the end',
          ],
        },
        { name: 'little', command: ['sh', '-c', 'echo little; sleep 100000'] },
      ],
    },
  },
  {
    metadata: { name: 'probed' },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'web',
          image: 'nginx',
          ports: [{ name: 'http', containerPort: 80 }],
          readinessProbe: { httpGet: { path: '/ready', port: 'http' }, ...OFTEN },
          livenessProbe: { exec: { command: ['test', '!', '-f', '/tmp/dead'] }, ...OFTEN },
        },
        {
          name: 'port',
          command: ['sleep', '100000'],
          livenessProbe: { tcpSocket: { port: 80 }, ...OFTEN, failureThreshold: 30 },
        },
      ],
    },
  },
  { metadata: { name: 'impossible' }, spec: { containers: [{ name: 'a', image: 'nowhere.invalid/nothing:1' }] } },
]

const kube = (args: string, options?: { input?: string; timeoutMs?: number }) =>
  kubectl('1.36', kubeconfig)(args, options)
async function says(args: string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await kube(args, { timeoutMs: 90_000, ...(input ? { input } : {}) })
  expect(code, `kubectl ${args}\n${stdout}${stderr}`).toBe(0)
  return stdout
}
const pod = async (name: string) => JSON.parse(await says(`get pod ${name} -o json`)) as Pod

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
  kubeconfig = join(directory, 'kubeconfig.yaml')
  await podium('cluster', 'create', CLUSTER, '--nodes', '1', '--kubeconfig', kubeconfig)
  await create('life', 'crasher', 'impossible')
})
afterAll(async () => {
  await podium('cluster', 'delete', CLUSTER)
  await rm(directory, { recursive: true, force: true })
})

async function create(...names: string[]): Promise<void> {
  const mounted = (spec: { volumes?: unknown }) =>
    spec.volumes ? { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] } : {}
  const items = PODS.filter(({ metadata }) => names.includes(metadata.name)).map(({ metadata, spec }) => {
    const complete = (one: object) => ({ image: 'busybox', ...mounted(spec), ...one })
    const init = 'initContainers' in spec ? { initContainers: spec.initContainers?.map(complete) } : {}
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { ...spec, ...init, containers: spec.containers.map(complete) },
    }
  })
  await says('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
}

/** Everything a container says until it ends, each line with its time. */
function follow(args: string): Promise<{ at: number; line: string }[]> {
  const program = join(root, '.cache', 'bin', 'kubectl-1.36')
  const child = spawn(program, ['--kubeconfig', kubeconfig, 'logs', '-f', '--timestamps', ...words(args)])
  return text(child.stdout).then((said) =>
    said
      .trim()
      .split('\n')
      .map((line) => ({ at: Date.parse(line.split(' ', 1)[0] ?? ''), line: line.slice(line.indexOf(' ') + 1) })),
  )
}

describe('a pod with init containers, sidecars and hooks', () => {
  it('starts one after the other, and stops in the reverse order', async () => {
    await says('wait pod life --for=condition=Ready --timeout=60s')
    const life = await pod('life')
    expect(life.status?.initContainerStatuses?.map(({ name, ready, started }) => [name, ready, started])).toEqual([
      ['prepare', true, false],
      ['first', true, true],
      ['second', true, true],
    ])
    expect(await says('get pod life')).toMatch(/life\s+3\/3\s+Running\s+0/)
    const names = ['first', 'second', 'app']
    const following = Promise.all(names.map((name) => follow(`life -c ${name}`)))
    await until('the hook has run', async () => (await says('logs life -c app')).includes('post-start'))
    await says('delete pod life')
    const said = await following
    const lines = said.flat().sort((a, b) => a.at - b.at)
    const order = lines.map(({ line }) => line)
    expect(order.filter((line) => /-(?:up|term|gone)$|^pre-stop$/.test(line))).toEqual([
      'first-up',
      'second-up',
      'app-up',
      'pre-stop',
      'app-term',
      'app-gone',
      'second-term',
      'second-gone',
      'first-term',
      'first-gone',
    ])
    expect(order).toContain('prepared')
    expect(order, 'the startup probe held the others back').toContain('first-ready')
  })
})

describe('a container that crashes', () => {
  it('is started again at once, then after 10 s, then after 20 s, and says so', async () => {
    const crasher = async () => (await pod('crasher')).status?.containerStatuses?.[0]
    const status = await until('it has crashed three times', async () => {
      const now = await crasher()
      return (now?.restartCount ?? 0) >= 2 && now?.state?.waiting?.reason === 'CrashLoopBackOff' && now
    })
    expect(status.state?.waiting?.message).toMatch(
      /^back-off 20s restarting failed container=crasher pod=crasher_default\(/,
    )
    expect(status.lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' })
    const { startTime } = (await pod('crasher')).status ?? {}
    const took = Date.parse(String(status.lastState?.terminated?.startedAt)) - Date.parse(String(startTime))
    expect(took).toBeGreaterThanOrEqual(9_000)
    expect(took).toBeLessThan(20_000)
    expect(await says('get pod crasher')).toMatch(/crasher\s+0\/1\s+CrashLoopBackOff\s+2/)
    expect(await says('logs crasher --previous')).toBe('one more time\n')
    expect(await says('get events --field-selector involvedObject.name=crasher')).toMatch(
      /BackOff\s+pod\/crasher\s+Back-off restarting failed container/,
    )
  })
})

describe('probes', () => {
  const shown = async () => (await says('get pod probed --no-headers')).split(/\s+/).slice(1, 4).join(' ')

  it('hold traffic back until a container is ready, and start it again when it is dead', async () => {
    // Not before: each second it is said that it is not ready, and nobody tells more than 25 Events of one object in a burst.
    await create('probed')
    await until('it runs, not ready', async () => (await shown()) === '1/2 Running 0')
    const events = () => says('get events --field-selector involvedObject.name=probed')
    const why = /Unhealthy\s+pod\/probed\s+Readiness probe failed: HTTP probe failed with statuscode: 404/
    await until('it is said why', async () => why.test(await events()))
    await says(`exec probed -c web -- sh -c 'echo yes > /usr/share/nginx/html/ready || echo yes > /var/www/html/ready'`)
    await until('it is ready', async () => (await shown()) === '2/2 Running 0')
    await says('exec probed -c web -- touch /tmp/dead')
    await until('it was started again', async () => /^\d\/2 Running [1-9]/.test(await shown()))
    // Events are written beside what they tell of, and may come a moment later.
    const killed = /Killing\s+pod\/probed\s+Container web failed liveness probe, will be restarted/
    await until('it is said why', async () => killed.test(await events()))
  })
})

describe('logs', () => {
  it('show both outputs in order, as much as is asked for, and end with the container', async () => {
    await create('speaker')
    const all = Array.from({ length: 5 }, (_, index) => `out-${index + 1}\nerr-${index + 1}\n`).join('')
    await until('it has spoken', async () => (await kube('logs speaker -c much')).stdout.startsWith(all))
    const following = follow('speaker -c much')
    expect(await says('logs speaker -c much --limit-bytes=9')).toBe('out-1\nerr')
    expect((await says('logs speaker -c much --timestamps')).split('\n')[0]).toMatch(/^20\d\d-\S+\.\d{9}Z out-1$/)
    expect(await says('logs speaker --all-containers --prefix')).toMatch(/\[pod\/speaker\/little\] little/)
    const heard = await following
    expect(heard.map(({ line }) => line).join('\n')).toBe(`${all}the end`)
    expect(await says('logs speaker -c much --tail=2')).toBe('err-5\nthe end\n')
    const since = new Date((heard[9]?.at ?? 0) + 2_000).toISOString()
    expect(await says(`logs speaker -c much --since-time=${since}`)).toBe('the end\n')
    expect(await says('logs speaker -c much --since=1h')).toBe(`${all}the end\n`)
  })

  it('say why there are none', async () => {
    const refused = async (args: string) => (await kube(args)).stderr.trim()
    expect(await refused('logs speaker -c little --previous')).toBe(
      'Error from server (BadRequest): previous terminated container "little" in pod "speaker" not found',
    )
    expect(await refused('logs impossible')).toMatch(
      /container "a" in pod "impossible" is waiting to start: (image can't be pulled|trying and failing to pull image)/,
    )
  })
})

describe('kubectl debug', () => {
  it('puts a container beside the others that sees the processes of its target', async () => {
    const watch = `debug speaker --image=busybox --target=little -c peek -- sh -c 'ps; echo seen'`
    expect(await says(watch)).toMatch(/Targeting container "little"/)
    await until('it has looked', async () => (await kube('logs speaker -c peek')).stdout.includes('seen'))
    expect(await says('logs speaker -c peek')).toMatch(/sleep 100000/)
    const status = await until('its end is told', async () => {
      const [one] = (await pod('speaker')).status?.ephemeralContainerStatuses ?? []
      return one?.state?.terminated && one
    })
    expect(status).toMatchObject({ name: 'peek', restartCount: 0, state: { terminated: { exitCode: 0 } } })
    expect(await says('describe pod speaker')).toMatch(/Ephemeral Containers:\s+peek:/)
  })

  it('is a terminal among them when it is asked to be one', async () => {
    const program = join(root, '.cache', 'bin', 'kubectl-1.36')
    const debug = `${program} --kubeconfig ${kubeconfig} debug -it speaker --image=busybox --target=little -c talk -- sh`
    const child = spawn('script', ['-qec', debug, '/dev/null'])
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
    })
    // The prompt was there before anybody looked, so kubectl asks for a key.
    await until('kubectl is attached', async () => /try pressing enter/.test(said))
    child.stdin.write('ps; tty; exit\n')
    await new Promise((ended) => child.once('exit', ended))
    expect(said).toMatch(/sleep 100000[\s\S]*\/dev\//)
  })

  it('looks at a node: its processes and its files', async () => {
    const said = await says(`debug node/node-1 --image=busybox -- sh -c 'ps; ls -d /host/etc/kubernetes'`)
    const [, debuggerPod = ''] = /pod (node-debugger-\S+)/.exec(said) ?? []
    await until('it has looked', async () => (await kube(`logs ${debuggerPod}`)).stdout.includes('/host/etc'))
    expect(await says(`logs ${debuggerPod}`)).toMatch(/dockerd[\s\S]*\/host\/etc\/kubernetes/)
  })
})

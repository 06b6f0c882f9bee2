// Pods that go on: hooks, restarts, probes and hosts files.

import { expect, it } from 'vitest'
import { crashing, forever, pod, type Seat, shell } from './seat.ts'

/** Says on its output what it was asked: each in one write, as two may ask at once. */
const LISTENER = `
from http.server import *
class Listener(BaseHTTPRequestHandler):
  def answer(self):
    print(f"{self.command} {self.path}\\n", end="", flush=True)
    self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
  do_GET = do_POST = answer
  def log_message(self, *args): pass
ThreadingHTTPServer(("", 8080), Listener).serve_forever()`
const hook = (script: string) => ({ exec: { command: ['sh', '-c', script] } })
const HOSTS = { name: 'hosts', mountPath: '/etc/hosts-original' }
const hosts = (name: string, more: object = {}) =>
  pod(name, {
    ...more,
    volumes: [{ name: 'hosts', hostPath: { path: '/etc/hosts', type: 'FileOrCreate' } }],
    containers: [
      shell(forever, { volumeMounts: [HOSTS] }),
      { ...shell(forever, { volumeMounts: [HOSTS, { ...HOSTS, mountPath: '/etc/hosts' }] }), name: 'own' },
    ],
  })
const OFTEN = { periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 1 }

export const runningPods: readonly object[] = [
  pod('listener', {
    containers: [
      {
        name: 'main',
        image: 'python',
        command: ['python3', '-uc', LISTENER],
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 10 },
      },
    ],
  }),
  pod('crashes-always', crashing('Always')),
  pod('begins-again', {
    initContainers: [
      { ...shell('false'), name: 'init1' },
      { ...shell('true'), name: 'init2' },
    ],
    containers: [shell(forever)],
  }),
  hosts('hosts'),
  hosts('hosts-of-node', { hostNetwork: true }),
  pod('probed', {
    containers: [
      shell('echo ok > /tmp/health; sleep 3; rm /tmp/health; sleep 600', {
        livenessProbe: { exec: { command: ['cat', '/tmp/health'] }, ...OFTEN, initialDelaySeconds: 1 },
      }),
      { ...shell(forever, { readinessProbe: { exec: { command: ['false'] }, ...OFTEN } }), name: 'never' },
      {
        ...shell(forever, {
          livenessProbe: { tcpSocket: { port: 8088 }, ...OFTEN, failureThreshold: 600 },
          startupProbe: { exec: { command: ['true'] }, ...OFTEN },
        }),
        name: 'alive',
      },
    ],
  }),
]

export function podsThatRun(seat: () => Seat): void {
  it('Container Lifecycle Hook: poststart and prestop by exec and HTTP, PreStop when killing a pod', async () => {
    const { apply, ready, saidBy, says } = seat()
    const { status } = await ready('listener')
    const host = status?.podIP ?? ''
    const get = (path: string) => ({ httpGet: { path, host, port: 8080 } })
    await apply(
      pod('hooked-by-exec', {
        terminationGracePeriodSeconds: 30,
        containers: [
          shell(forever, {
            lifecycle: {
              postStart: hook(`wget -qO- http://${host}:8080/echo?msg=poststart-exec`),
              preStop: hook(`wget -qO- --post-data= http://${host}:8080/write`),
            },
          }),
        ],
      }),
      pod('hooked-by-http', {
        containers: [
          shell(forever, {
            lifecycle: { postStart: get('/echo?msg=poststart-http'), preStop: get('/echo?msg=prestop-http') },
          }),
        ],
      }),
    )
    await Promise.all([ready('hooked-by-exec'), ready('hooked-by-http')])
    const began = ['GET /echo?msg=poststart-exec', 'GET /echo?msg=poststart-http']
    await saidBy('listener', 'main', began)
    await says('delete pod hooked-by-exec hooked-by-http')
    await saidBy('listener', 'main', [...began, 'GET /echo?msg=prestop-http', 'POST /write'])
  })

  it('Container Runtime should run with the expected status: restart policy Always', async () => {
    const { status } = await seat().podThat(
      'crashes-always',
      'runs for the third time',
      ({ containerStatuses }) => containerStatuses?.[0]?.restartCount === 2 && containerStatuses[0].ready,
    )
    expect(status).toMatchObject({
      phase: 'Running',
      containerStatuses: [{ state: { running: {} }, lastState: { terminated: { exitCode: 0 } } }],
    })
  })

  it('InitContainer should not start app containers if init containers fail on a RestartAlways pod', async () => {
    const { status } = await seat().podThat(
      'begins-again',
      'has begun again',
      ({ initContainerStatuses: [first] = [] }) => (first?.restartCount ?? 0) > 0,
    )
    const waiting = { ready: false, state: { waiting: { reason: 'PodInitializing' } } }
    expect(status).toMatchObject({
      phase: 'Pending',
      initContainerStatuses: [{ ready: false }, waiting],
      containerStatuses: [waiting],
      conditions: expect.arrayContaining([
        expect.objectContaining({
          type: 'Initialized',
          status: 'False',
          reason: 'ContainersNotInitialized',
          message: 'containers with incomplete status: [init1 init2]',
        }),
      ]),
    })
  })

  it('KubeletManagedEtcHosts: the kubelet’s unless the pod is in the machine’s network or brings its own', async () => {
    const { ready, says } = seat()
    await Promise.all([ready('hosts'), ready('hosts-of-node')])
    const isManaged = async (name: string, container: string) => {
      const both = await says(
        `exec ${name} -c ${container} -- sh -c 'cat /etc/hosts; echo ----; cat /etc/hosts-original'`,
      )
      const [given, original] = both.split('----\n')
      return given !== original && given!.startsWith('# Kubernetes-managed hosts file.')
    }
    expect(await isManaged('hosts', 'main')).toBe(true)
    expect(await isManaged('hosts', 'own')).toBe(false)
    const ofNode = await says(`exec hosts-of-node -c main -- cat /etc/hosts`)
    expect(ofNode).toMatch(/^# Kubernetes-managed hosts file \(host network\)\./)
  })

  it('Probing container: started again when it is dead, never ready while its probe fails', async () => {
    const { status } = await seat().podThat('probed', 'was started again', ({ containerStatuses = [] }) =>
      containerStatuses.some(({ name, restartCount }) => name === 'main' && restartCount > 0),
    )
    const counts = status?.containerStatuses
      ?.filter(({ name }) => name !== 'main')
      .map(({ name, ready, restartCount }) => ({ name, ready, restartCount }))
    expect(counts).toEqual([
      { name: 'alive', ready: true, restartCount: 0 },
      { name: 'never', ready: false, restartCount: 0 },
    ])
  })
}

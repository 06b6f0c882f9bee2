// Who has to go when a pod or a machine uses more than there is.

import { expect, it } from 'vitest'
import { until } from '../support/until.ts'
import type { Seat } from './seat.ts'

export function roomOnMachines(seat: () => Seat): void {
  it('ends a pod that writes more into a directory than it may', async () => {
    const { says } = seat()
    await says(
      'apply -f -',
      `
apiVersion: v1
kind: Pod
metadata: {name: writer}
spec:
  containers:
    - name: main
      image: busybox
      command: [sh, -c, 'head -c 5000000 /dev/zero > /v/much; sleep 100000']
      volumeMounts: [{name: v, mountPath: /v}]
  volumes: [{name: v, emptyDir: {sizeLimit: 1Mi}}]
`,
    )
    await says('wait --for=jsonpath={.status.phase}=Failed pod/writer --timeout=60s')
    expect(await says('get pod writer -o jsonpath={.status.reason}/{.status.message}')).toBe(
      'Evicted/Usage of EmptyDir volume "v" exceeds the limit "1Mi". ',
    )
  })

  it('tells that a machine is short of memory, and ends who uses most above what was asked for', async () => {
    const { says, nodes } = seat()
    const [, node = ''] = await nodes()
    // Nothing has to be used up: this machine is told to keep nearly all of its memory free.
    const script = `
printf 'kind: KubeletConfiguration\\nevictionHard: {memory.available: 99%%}\\n' > /kubelet/config.yaml
kill $(pidof node)
`
    await says(
      'apply -f -',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [
          {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'eater' },
            spec: {
              nodeName: node,
              terminationGracePeriodSeconds: 0,
              containers: [
                {
                  name: 'main',
                  image: 'busybox',
                  command: ['sh', '-c', 'head -c 30000000 /dev/zero | tail; sleep 100000'],
                },
              ],
            },
          },
          {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'tell' },
            spec: {
              nodeName: node,
              priorityClassName: 'system-node-critical',
              restartPolicy: 'Never',
              hostPID: true,
              containers: [
                {
                  name: 'main',
                  image: 'busybox',
                  command: ['sh', '-c', script],
                  volumeMounts: [{ name: 'k', mountPath: '/kubelet' }],
                },
              ],
              volumes: [{ name: 'k', hostPath: { path: '/var/lib/kubelet' } }],
            },
          },
        ],
      }),
    )
    await says('wait --for=jsonpath={.status.reason}=Evicted pod/eater --timeout=120s')
    expect(await says('get pod eater -o jsonpath={.status.message}')).toMatch(
      /^The node was low on resource: memory\. Threshold quantity: \d+, available: \d+[KM]i\. Container main was using \d+[KM]i, request is 0, has larger consumption of memory\. $/,
    )
    expect(await says('get pod eater -o jsonpath={.status.conditions[?(@.type=="DisruptionTarget")].reason}')).toBe(
      'TerminationByKubelet',
    )
    await until('the node says so, and is tainted for it', async () =>
      /MemoryPressure.*memory-pressure/.test(
        await says(`get node ${node} -o jsonpath={.status.conditions[?(@.status=="True")].type}{.spec.taints[*].key}`),
      ),
    )
  })

  it('collects images when a machine is short of disk, then ends who fills it or its process numbers, and recovers', async () => {
    const { says, nodes, on } = seat()
    const [node = ''] = await nodes()
    const pod = (name: string, image: string) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        nodeName: node,
        terminationGracePeriodSeconds: 0,
        containers: [
          { name: 'main', image, command: ['sleep', '100000'], volumeMounts: [{ name: 'v', mountPath: '/v' }] },
        ],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    })
    const items = [pod('filler', 'debian'), pod('forker', 'busybox'), pod('modest', 'busybox')]
    await says('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
    await says('wait --for=condition=Ready pod/filler pod/forker pod/modest --timeout=60s')
    const now = async () => {
      const summary = JSON.parse(await says(`get --raw /api/v1/nodes/${node}/proxy/stats/summary`)) as {
        node: { fs: { availableBytes: number }; rlimit: { maxpid: number; curproc: number } }
      }
      const { fs, rlimit } = summary.node
      return { disk: fs.availableBytes, processes: rlimit.maxpid - rlimit.curproc }
    }
    const before = await now()
    // Short of 20 Mi from the start, and of process numbers with so many more that it is no matter what of former tests is just ending.
    const wanted = { disk: before.disk + 20 * MI, processes: before.processes - 150 }
    const images = async () => Number(await on(node, 'docker images -q | wc -l'))
    const imagesBefore = await images()
    const configuration = {
      kind: 'KubeletConfiguration',
      evictionHard: { 'nodefs.available': String(wanted.disk), 'pid.available': String(wanted.processes) },
      evictionPressureTransitionPeriod: '1s',
    }
    await on(node, `echo '${JSON.stringify(configuration)}' > /var/lib/kubelet/config.yaml; pkill -xf '${AGENT}'`)
    const signs = () =>
      says(`get node ${node} -o jsonpath={.status.conditions[?(@.status=="True")].type}/{.spec.taints[*].key}`)
    await until('images are gone', async () => (await images()) < imagesBefore && (await now()).disk > wanted.disk)
    await until('it is told', async () => /DiskPressure.*disk-pressure/.test(await signs()))
    expect(await says('get pod filler forker modest')).not.toContain('Evicted')

    const size = (await now()).disk - wanted.disk + 50 * MI
    await says(`exec filler -- fallocate -l ${size} /v/large`)
    await says(`exec forker -- sh -c 'for i in $(seq 300); do sleep 100000 >/dev/null 2>&1 & done'`)
    await says('wait --for=jsonpath={.status.reason}=Evicted pod/filler pod/forker --timeout=120s')
    expect(await says('get pod filler -o jsonpath={.status.message}')).toMatch(
      /^The node was low on resource: ephemeral-storage\. Threshold quantity: \d+(Ki)?, available: \d+Ki\. (Container main was using \d+Ki, request is 0, has larger consumption of ephemeral-storage\. )?$/,
    )
    expect(await says('get pod forker -o jsonpath={.status.message}')).toMatch(
      /^The node was low on resource: pids\. Threshold quantity: \d+, available: \d+\. $/,
    )
    await until('it recovers', async () => (await signs()) === 'Ready/')
    expect(await says('get pod modest -o jsonpath={.status.phase}')).toBe('Running')
  })
}

const MI = 2 ** 20
const AGENT = '(/usr/bin/)?node .*/node-agent.mjs .*'

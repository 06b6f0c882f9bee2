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
      /^The node was low on resource: memory\. Threshold quantity: \d+, available: \d+Ki\. Container main was using \d+Ki, request is 0, has larger consumption of memory\. $/,
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
}

// What a pod sees of its volumes, and what it cannot reach through them.

import { expect, it } from 'vitest'
import { until } from '../support/until.ts'
import type { Seat } from './seat.ts'

export function volumesOfPods(seat: () => Seat): void {
  it('shows a pod its volumes with the owners, modes and limits that it asks for', async () => {
    const { says, logsOf } = seat()
    await says('create configmap settings --from-literal=app.conf=one --from-literal=other=two')
    await says('create secret generic keys --from-literal=password=swordfish')
    const script = [
      'cd /v',
      'echo "id $(id -u) $(id -g) $(id -G)"',
      'stat -c "%n %a %u:%g" empty memory config/..data/app.conf secret/..data/password projected/..data/token',
      'echo "memory $(df -k memory | tail -1 | awk "{print \\$2}")"',
      'echo "config $(cat config/app.conf) $(ls config)"',
      'touch config/new 2>/dev/null || echo "config is for reading"',
      'echo kept > logs/line && echo "logs $(cat empty/logs/pieces/line)"',
      'echo "image $(ls image/bin/busybox)"',
      'touch image/bin/x 2>/dev/null || echo "image is for reading"',
      'echo "labels $(cat projected/labels)"',
    ].join('; ')
    await says(
      'apply -f -',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'pieces', labels: { tier: 'data' } },
        spec: {
          restartPolicy: 'Never',
          securityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000] },
          containers: [
            {
              name: 'main',
              image: 'busybox',
              command: ['sh', '-c', script],
              env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
              resources: { limits: { memory: '64Mi' } },
              volumeMounts: [
                ...['empty', 'memory', 'config', 'secret', 'projected', 'image'].map((name) => ({
                  name,
                  mountPath: `/v/${name}`,
                })),
                { name: 'empty', mountPath: '/v/logs', subPathExpr: 'logs/$(POD)' },
              ],
            },
          ],
          volumes: [
            { name: 'empty', emptyDir: {} },
            { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '8Mi' } },
            { name: 'config', configMap: { name: 'settings', defaultMode: 0o400 } },
            { name: 'secret', secret: { secretName: 'keys' } },
            { name: 'image', image: { reference: 'busybox', pullPolicy: 'IfNotPresent' } },
            {
              name: 'projected',
              projected: {
                sources: [
                  { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
                  { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
                ],
              },
            },
          ],
        },
      }),
    )
    await says('wait --for=jsonpath={.status.phase}=Succeeded pod/pieces --timeout=60s')
    expect(await logsOf('pieces')).toEqual([
      'id 1000 3000 3000 2000 4000',
      'empty 2777 0:2000',
      'memory 2777 0:2000',
      'config/..data/app.conf 440 0:2000',
      'secret/..data/password 644 0:2000',
      'projected/..data/token 640 1000:2000',
      'memory 8192',
      'config one app.conf',
      'other',
      'config is for reading',
      'logs kept',
      'image image/bin/busybox',
      'image is for reading',
      'labels tier="data"',
    ])
  })

  it('does not lead out of a volume by a link that a pod has made', async () => {
    const { says } = seat()
    await says(
      'apply -f -',
      `
apiVersion: v1
kind: Pod
metadata: {name: sly}
spec:
  restartPolicy: Never
  initContainers:
    - {name: link, image: busybox, command: [ln, -s, /etc, /v/out], volumeMounts: [{name: v, mountPath: /v}]}
  containers:
    - {name: main, image: busybox, command: [ls, /etc-of-the-machine], volumeMounts: [{name: v, mountPath: /etc-of-the-machine, subPath: out}]}
  volumes: [{name: v, emptyDir: {}}]
`,
    )
    const waiting = '-o jsonpath={.status.containerStatuses[0].state.waiting}'
    await until('it is held', async () => (await says(`get pod sly ${waiting}`)).includes('CreateContainerConfigError'))
    expect(await says(`get pod sly ${waiting}`)).toContain(
      String.raw`failed to prepare subPath for volumeMount \"v\" of container \"main\"`,
    )
    await says('delete pod sly --grace-period=1')
  })
}

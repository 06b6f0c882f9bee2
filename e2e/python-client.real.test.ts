// The official Python client, Debian's, against a real machine: what its own words and habits would find broken first.

import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { kubectl, root, run } from './support/commands.ts'
import { ownCluster } from './support/own-cluster.ts'

const cluster = ownCluster('e2e-python', '--nodes', '1')
const BOX = `
apiVersion: v1
kind: Pod
metadata: {name: box}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: box, image: busybox, command: [sh, -c, 'while true; do echo tick; sleep 1; done']}]
`

beforeAll(async () => {
  const kube = kubectl('1.36', cluster.kubeconfig)
  for (const [args, input] of [
    ['apply -f -', BOX],
    ['wait pod box --for=condition=Ready --timeout=60s', ''],
  ] as const) {
    const { code, stdout, stderr } = await kube(args, { input })
    expect(code, stdout + stderr).toBe(0)
  }
})

it.each(['Objects', 'Streams'])('does its everyday work: %s', async (what) => {
  const script = join(root, 'e2e', 'python-client', 'everyday.py')
  const { code, stdout, stderr } = await run('/usr/bin/python3', ['-W', 'ignore', script, cluster.kubeconfig, what], {
    timeoutMs: 120_000,
  })
  expect(code, stdout + stderr).toBe(0)
})

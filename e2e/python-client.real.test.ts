// The official Python client, Debian's, against a real machine: what its own words and habits would find broken first.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { kubectl, podium, root, run } from './support/commands.ts'

const CLUSTER = 'e2e-python'
const BOX = `
apiVersion: v1
kind: Pod
metadata: {name: box}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: box, image: busybox, command: [sh, -c, 'while true; do echo tick; sleep 1; done']}]
`
let directory: string
let kubeconfig: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
  kubeconfig = join(directory, 'kubeconfig.yaml')
  await podium('cluster', 'create', CLUSTER, '--nodes', '1', '--kubeconfig', kubeconfig)
  const kube = kubectl('1.36', kubeconfig)
  for (const [args, input] of [
    ['apply -f -', BOX],
    ['wait pod box --for=condition=Ready --timeout=60s', ''],
  ] as const) {
    const { code, stdout, stderr } = await kube(args, { input })
    expect(code, stdout + stderr).toBe(0)
  }
})
afterAll(async () => {
  await podium('cluster', 'delete', CLUSTER)
  await rm(directory, { recursive: true, force: true })
})

it.each(['Objects', 'Streams'])('does its everyday work: %s', async (what) => {
  const script = join(root, 'e2e', 'python-client', 'everyday.py')
  const { code, stdout, stderr } = await run('/usr/bin/python3', ['-W', 'ignore', script, kubeconfig, what], {
    timeoutMs: 120_000,
  })
  expect(code, stdout + stderr).toBe(0)
})

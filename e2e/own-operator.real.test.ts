// An operator of one's own, as docs/examples/operator has it: on a laptop with a kubeconfig, and as a pod on a real machine
// with the rights of its service account.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Kubectl, kubectl, podium, root } from './support/commands.ts'

const CLUSTER = 'e2e-operator'
let directory: string
let kubeconfig: string
let laptop: ChildProcess | undefined

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
  kubeconfig = join(directory, 'kubeconfig.yaml')
  await cp(join(root, 'docs', 'examples', 'operator'), directory, { recursive: true })
  await podium('client', directory)
  await podium('cluster', 'create', CLUSTER, '--nodes', '1', '--kubeconfig', kubeconfig)
})
afterAll(async () => {
  laptop?.kill('SIGKILL')
  await podium('cluster', 'delete', CLUSTER)
  await rm(directory, { recursive: true, force: true })
})

const kube: Kubectl = async (args, options) => {
  const outcome = await kubectl('1.36', kubeconfig)(args, options)
  expect(outcome.code, `kubectl ${args}\n${outcome.stderr}`).toBe(0)
  return outcome
}
const file = (name: string) => join(directory, name)
const ready = (count: number) =>
  kube(`wait website/hello --for=jsonpath='{.status.ready}'=${count} --timeout=120s`, { timeoutMs: 150_000 })

it('works on a laptop, and stops when it is told to', async () => {
  await kube(`apply -f ${file('website-crd.yaml')}`)
  await kube('wait crd/websites.example.com --for=condition=Established --timeout=60s')
  await kube(`apply -f ${file('website.yaml')}`)
  let said = ''
  laptop = spawn(process.execPath, [file('website-operator.mjs')], { env: { ...process.env, KUBECONFIG: kubeconfig } })
  laptop.stderr?.on('data', (chunk: Buffer) => {
    said += chunk
  })
  const ended = once(laptop, 'exit')
  await ready(2)
  expect((await kube('get websites --no-headers')).stdout).toMatch(/^hello +Hello from my own loop +2\n$/)
  expect((await kube('events --for website/hello')).stdout).toContain('Website default/hello has servers now')
  laptop.kill('SIGTERM')
  expect(await ended, said).toEqual([0, null])
  expect(said).toContain('working')
  expect(said).not.toMatch(/nobody hears|warn|error/)
})

it('works in a pod, with its own rights, and leaves nothing of what is deleted', async () => {
  const files = ['podium-client.mjs', 'website-operator.mjs'].map((name) => `--from-file=${file(name)}`)
  await kube(`create configmap website-operator ${files.join(' ')}`)
  await kube(`apply -f ${file('in-a-pod.yaml')}`)
  const spec = JSON.stringify({ spec: { replicas: 3, text: 'changed' } })
  await kube(`patch website hello --type merge -p '${spec}'`)
  await kube('rollout status deployment/website-operator --timeout=180s', { timeoutMs: 200_000 })
  await ready(3)
  const { stdout: pod } = await kube("get pods -l website=hello -o jsonpath='{.items[0].metadata.name}'")
  const config = async () => (await kube("get configmap hello -o jsonpath='{.data}'")).stdout
  expect(await config()).toContain('changed')
  expect((await kube(`get --raw /api/v1/namespaces/default/pods/${pod}:80/proxy/`)).stdout).toMatch(/changed|Hello/)
  expect((await kube('logs deployment/website-operator')).stdout).not.toMatch(/nobody hears|warn|error/)
  await kube('delete website hello --cascade=foreground --timeout=120s', { timeoutMs: 150_000 })
  expect((await kube('get pods,deployments,configmaps -l website=hello -o name')).stdout).toBe('')
})

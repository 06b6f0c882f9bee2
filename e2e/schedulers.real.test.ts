// Several schedulers in one cluster: the profiles of a configuration file, and one of one's own in a few lines of shell.
// Nothing has to run for that, so the nodes are simulated ones.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Kubectl, kubectl, podium, root } from './support/commands.ts'

const CLUSTER = 'e2e-schedulers'
const CONFIGURATION = `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: default-scheduler
- schedulerName: bin-packing
  pluginConfig:
  - name: NodeResourcesFit
    args: {scoringStrategy: {type: MostAllocated}}
  plugins:
    score:
      disabled: [{name: PodTopologySpread}, {name: NodeResourcesBalancedAllocation}]
`
let directory: string
let kubeconfig: string
let own: ChildProcess | undefined

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
  kubeconfig = join(directory, 'kubeconfig.yaml')
  const file = join(directory, 'scheduler.yaml')
  await writeFile(file, CONFIGURATION)
  const flags = ['--simulated-nodes', '3', '--kubeconfig', kubeconfig, '--extra-config', `scheduler.config=${file}`]
  await podium('cluster', 'create', CLUSTER, ...flags)
})
afterAll(async () => {
  if (own?.pid) process.kill(-own.pid)
  await podium('cluster', 'delete', CLUSTER)
  await rm(directory, { recursive: true, force: true })
})

const kube: Kubectl = async (args, options) => {
  const outcome = await kubectl('1.36', kubeconfig)(args, options)
  expect(outcome.code, `kubectl ${args}\n${outcome.stderr}`).toBe(0)
  return outcome
}
const deploy = (name: string, schedulerName: string) => {
  const container = { name: 'c', image: 'nginx:1.22', resources: { requests: { cpu: '10m' } } }
  const spec = {
    replicas: 3,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { schedulerName, containers: [container] } },
  }
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec }
  return kube('apply -f -', { input: JSON.stringify(deployment) })
}
const nodesOf = async (name: string) => {
  const { stdout } = await kube(`get pods -l app=${name} -o jsonpath='{.items[*].spec.nodeName}'`)
  return new Set(stdout.split(' ').filter(Boolean))
}

it('spreads by the default profile, packs by another, and signs its events with their names', async () => {
  await deploy('spread', 'default-scheduler')
  await deploy('packed', 'bin-packing')
  for (const name of ['spread', 'packed']) await kube(`rollout status deployment/${name} --timeout=60s`)
  expect((await nodesOf('spread')).size).toBe(3)
  expect((await nodesOf('packed')).size).toBe(1)
  const { stdout } = await kube(
    "get events --field-selector reason=Scheduled -o jsonpath='{.items[*].source.component}'",
  )
  expect(new Set(stdout.split(' '))).toEqual(new Set(['default-scheduler', 'bin-packing']))
})

it('leaves pods to a scheduler of one’s own, which chooses the node with the fewest pods', async () => {
  await deploy('own', 'my-scheduler')
  await symlink(join(root, '.cache', 'bin', 'kubectl-1.36'), join(directory, 'kubectl'))
  const env = { ...process.env, KUBECONFIG: kubeconfig, PATH: `${directory}:${process.env.PATH}` }
  own = spawn('bash', ['docs/examples/own-scheduler.sh'], { cwd: root, env, detached: true, stdio: 'inherit' })
  await kube('rollout status deployment/own --timeout=90s', { timeoutMs: 100_000 })
  const { stdout } = await kube("get pods -l app=packed -o jsonpath='{.items[0].spec.nodeName}'")
  // The packed node has three pods more than any other.
  expect(await nodesOf('own')).not.toContain(stdout)
})

it('refuses a configuration that cannot be, before it makes a cluster', async () => {
  const file = join(directory, 'wrong.yaml')
  await writeFile(file, CONFIGURATION.replace('MostAllocated', 'MostCrowded'))
  const flags = ['--simulated-nodes', '1', '--extra-config', `scheduler.config=${file}`]
  await expect(podium('cluster', 'create', 'e2e-wrong', ...flags)).rejects.toThrow(
    /wrong\.yaml: profiles\.1\.pluginConfig\.0\.args\.scoringStrategy\.type: Invalid option/,
  )
})

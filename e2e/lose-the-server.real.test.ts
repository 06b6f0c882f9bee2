// What is lost when the whole server is: nothing.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Classroom, clusters, forgetLearners, type ListedCluster, startClassroom } from './support/classroom.ts'
import { type Kubectl, kubectl, run } from './support/commands.ts'
import { until } from './support/until.ts'

let classroom: Classroom
let cluster: ListedCluster
let kube: Kubectl

const warm = () =>
  until(
    'a sandbox is warm',
    async () => (await clusters()).find(({ name, state }) => name.startsWith('lab-') && state === 'ready'),
    180_000,
  )

beforeAll(async () => {
  await forgetLearners()
  classroom = await startClassroom()
  cluster = await warm()
  kube = kubectl('1.36', cluster.kubeconfig)
}, 300_000)

afterAll(async () => {
  await classroom?.stop()
  await forgetLearners()
}, 180_000)

async function containers(): Promise<string[]> {
  const lists = await Promise.all(
    cluster.machines.map(({ id }) =>
      run('docker', [
        'exec',
        id,
        '/usr/lib/podium/enter.sh',
        'docker',
        'ps',
        '--no-trunc',
        '--format',
        '{{.ID}} {{.Names}}',
      ]),
    ),
  )
  return lists
    .flatMap(({ stdout }) => stdout.split('\n'))
    .filter((line) => line.includes('k8s_'))
    .sort()
}

it('keeps the cluster and every container when the whole server is killed', { timeout: 240_000 }, async () => {
  expect(await kube('create deployment web --image=nginx --replicas=4')).toMatchObject({ code: 0 })
  expect(await kube('rollout status deployment web --timeout=90s')).toMatchObject({ code: 0 })
  const uid = (await kube(`get deployment web -o jsonpath='{.metadata.uid}'`)).stdout
  const before = await containers()
  expect(before).toHaveLength(8)

  await classroom.kill()
  expect(await containers()).toEqual(before)

  classroom = await startClassroom()
  await until('the cluster answers again', async () => (await kube('get --raw /readyz')).stdout === 'ok')
  expect((await kube(`get deployment web -o jsonpath='{.metadata.uid}'`)).stdout).toBe(uid)
  await until(
    'all is ready',
    async () => (await kube(`get deployment web -o jsonpath='{.status.readyReplicas}'`)).stdout === '4',
  )
  expect(await kube('scale deployment web --replicas=5')).toMatchObject({ code: 0 })
  await until(
    'it still works',
    async () => (await kube(`get deployment web -o jsonpath='{.status.readyReplicas}'`)).stdout === '5',
  )
  const after = await containers()
  expect(after).toEqual(expect.arrayContaining(before))
  expect(after).toHaveLength(10)
})

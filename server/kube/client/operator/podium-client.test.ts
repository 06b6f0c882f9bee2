import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { ControllerDefinition } from '../controller-builder.ts'
import { writeKubeconfig } from '../kubeconfig.ts'
import { findCluster } from './find-cluster.ts'
import * as door from './index.ts'
import type * as Published from './podium-client.d.ts'

it('is what its types say', () => {
  // Held by the compiler; this is what it cannot see.
  const published: Omit<typeof Published, 'runOperator'> = door
  type Options = Omit<Parameters<typeof Published.runOperator>[0], 'loops'>
  const run: (options: Options & { loops: readonly ControllerDefinition[] }) => Promise<void> = door.runOperator
  expect(Object.keys({ ...published, runOperator: run }).sort()).toEqual([
    'TerminalError',
    'controller',
    'defineKind',
    'runOperator',
  ])
})

it('finds the cluster: what it is told, $KUBECONFIG, the pod’s account, ~/.kube/config', async () => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'podium-find-'))
  const file = async (name: string, text: string) => {
    const path = join(place.path, name)
    await writeFile(path, text)
    return path
  }
  const config = (server: string) => writeKubeconfig({ server, token: 't' })
  const told = await file('told', config('https://told:6443'))
  const named = await file('named', config('https://named:6443'))
  for (const name of ['ca.crt', 'token', 'namespace']) await file(name, name)
  const pod = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }
  const find = (kubeconfig: string | undefined, env: Record<string, string>) =>
    findCluster(kubeconfig, { env, account: place.path, home: place.path })
  expect(find(told, { KUBECONFIG: named }).server).toBe('https://told:6443')
  expect(find(undefined, { KUBECONFIG: named, ...pod }).server).toBe('https://named:6443')
  expect(find(undefined, pod)).toEqual({
    server: 'https://10.96.0.1:443',
    caPem: 'ca.crt',
    tokenFile: join(place.path, 'token'),
    namespace: 'namespace',
  })
  expect(find(undefined, { ...pod, KUBERNETES_SERVICE_HOST: 'fd00::1' }).server).toBe('https://[fd00::1]:443')
  expect(() => find(undefined, {})).toThrow(/no cluster: set KUBECONFIG/)
})

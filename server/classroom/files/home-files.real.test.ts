// The learner's home in a real container: what its user and its disk allow, and what the terminal sees of a saved file.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClusterInfo } from '../../kube/cluster/index.ts'
import type { DataCentre } from '../../machines/index.ts'
import { openTestDataCentre } from '../../machines/test-data-centre.ts'
import { containerShells } from '../terminals/container-shells.ts'
import type { Shells } from '../terminals/shell.ts'
import { HomeFiles, MAX_BYTES } from './home-files.ts'

const CLUSTER = 'test-files'
const info: ClusterInfo = {
  name: CLUSTER,
  state: 'ready',
  message: '',
  server: '',
  kubeconfig: '',
  superKubeconfig: '',
  networkKubeconfig: 'kind: Config\n',
  network: null,
  machines: [],
  etcd: 'https://127.0.0.1:2379',
  pid: 0,
}

let dataCentre: DataCentre
let shells: Shells
let files: HomeFiles

beforeAll(async () => {
  dataCentre = await openTestDataCentre()
  await dataCentre.deleteCluster(CLUSTER)
  await dataCentre.createNetwork({ cluster: CLUSTER, openTcpPorts: [6443], openUdpPorts: [53] })
  shells = await containerShells({ dataCentre, info, stateDir: dataCentre.stateDir })
  files = new HomeFiles(shells)
})

afterAll(async () => {
  await shells?.close()
  await dataCentre?.deleteCluster(CLUSTER)
})

const say = async (script: string) => (await shells.exec(['bash', '-c', script])).stdout

describe('files of a real home', () => {
  it('are the learner’s own, and empty at first', async () => {
    expect(await files.list()).toEqual([])
    const text = 'kind: Pod # grüezi\n'
    const { version } = await files.write('k8s/web.yaml', text, null)
    expect(await say('stat -c "%U %a" k8s/web.yaml; cat k8s/web.yaml')).toBe(`learner 644\n${text}`)
    expect(await files.read('k8s/web.yaml')).toEqual({ text, version })
  })

  it('are not written over when the terminal has changed them', async () => {
    const { version } = await files.read('k8s/web.yaml')
    await say('sed -i s/Pod/Service/ k8s/web.yaml')
    await expect(files.write('k8s/web.yaml', 'mine', version)).rejects.toMatchObject({ code: 'file-changed' })
    expect((await files.read('k8s/web.yaml')).text).toContain('Service')
    await files.rename('k8s/web.yaml', 'web.yaml')
    expect((await files.list()).map(({ path }) => path)).toEqual(['web.yaml'])
  })

  it('can be as large as is said', async () => {
    const text = 'x'.repeat(MAX_BYTES)
    const { version } = await files.write('large', text, null)
    expect(await files.read('large')).toEqual({ text, version })
  })

  it('reach no further than the learner does, by a link either', async () => {
    await say('ln -s /etc/shadow shadow; ln -s /etc/hostname host')
    await expect(files.read('shadow')).rejects.toThrow(/could not be read.*Permission denied/)
    const { version } = await files.read('host')
    await expect(files.write('host', 'hacked', version)).rejects.toThrow('could not be saved')
  })

  it('stay whole when the disk is full, and that is said', async () => {
    const { version } = await files.write('kept', 'whole', null)
    await say('dd if=/dev/zero of=filler bs=1M count=600 2>/dev/null; dd if=/dev/zero of=rest bs=1k 2>/dev/null')
    await expect(files.write('kept', 'y'.repeat(200_000), version)).rejects.toThrow('the disk of your home is full')
    expect((await files.read('kept')).text).toBe('whole')
    await say('rm filler rest')
  })
})

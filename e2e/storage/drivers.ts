// Storage by the example of docs/examples/csi-driver.

import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { root } from '../support/commands.ts'
import { until } from '../support/until.ts'
import { CLAIM, podWithData, type Seat } from './seat.ts'

interface Summary {
  pods: { podRef: { name: string }; volume?: { name: string; pvcRef?: { name: string }; [of: string]: unknown }[] }[]
}

export function storageDrivers(seat: () => Seat): void {
  it('takes volumes from a driver of somebody else’s making', async () => {
    const { says, logsOf, directory } = seat()
    const example = join(root, 'docs/examples/csi-driver')
    const programs = ['driver', 'attacher']
    const options = { bundle: true, platform: 'node', format: 'esm', outExtension: { '.js': '.mjs' } } as const
    await build({ entryPoints: programs.map((name) => join(example, `${name}.ts`)), outdir: directory, ...options })
    const files = programs.map((name) => `--from-file=${join(directory, name)}.mjs`)
    await says(`create configmap csi-driver ${files.join(' ')}`)
    await says(`apply -f ${join(example, 'driver.yaml')}`)
    await says('rollout status daemonset/csi-driver --timeout=60s')
    await says('rollout status deployment/csi-attacher --timeout=60s')
    await until('both machines have the driver', async () =>
      /^(directories\.example\.org ?){2}$/.test(
        await says('get csinodes -o jsonpath={.items[*].spec.drivers[*].name}'),
      ),
    )
    await says(
      'apply -f -',
      CLAIM.replace('name: data', 'name: driven').replace('spec: {', 'spec: {storageClassName: directories, '),
    )
    const claimed = (name: string, command: string) =>
      podWithData(name, command)
        .replace('claimName: data', 'claimName: driven')
        .replace('spec:', 'spec:\n  securityContext: {fsGroup: 2000}')
    await says('apply -f -', claimed('first', 'echo kept > /data/page'))
    await says('wait --for=jsonpath={.status.phase}=Succeeded pod/first --timeout=60s')

    // Larger for the next pod: the volume by the driver's controller, what is in it by the kubelet and the driver.
    await says(`patch pvc driven --patch={"spec":{"resources":{"requests":{"storage":"20Mi"}}}}`)
    const stage = '{.status.allocatedResourceStatuses.storage}'
    await says(`wait --for=jsonpath=${stage}=NodeResizePending pvc/driven --timeout=60s`)
    expect(await says('get pvc driven')).toMatch(/Bound\s+\S+\s+10Mi/)
    await says('apply -f -', claimed('second', 'cat /data/page; stat -c "%a %g" /data; exec sleep 100000'))
    await says('wait --for=condition=Ready pod/second --timeout=60s')
    await says('wait --for=jsonpath={.status.capacity.storage}=20Mi pvc/driven --timeout=60s')
    expect(await says('get pvc driven -o jsonpath={.status.conditions}')).not.toContain('FileSystemResizePending')
    await until('it has read', async () => (await logsOf('second')).length === 2)
    expect(await logsOf('second')).toEqual(['kept', '2775 2000'])

    const kubelet = `get --raw /api/v1/nodes/${await says('get pod second -o jsonpath={.spec.nodeName}')}/proxy`
    const { pods } = JSON.parse(await says(`${kubelet}/stats/summary`)) as Summary
    const volume = pods.find(({ podRef }) => podRef.name === 'second')?.volume?.find(({ name }) => name === 'data')
    expect(volume).toMatchObject({ pvcRef: { name: 'driven' }, capacityBytes: 20 * 1024 ** 2, inodesUsed: 2 })
    expect(volume?.usedBytes).toBeGreaterThan(0)
    const labels = '{namespace="default",persistentvolumeclaim="driven"}'
    expect(await says(`${kubelet}/metrics`)).toContain(
      `kubelet_volume_stats_used_bytes${labels} ${volume?.usedBytes}\n`,
    )
    await says('delete pod first second --now')
    await says('delete pvc driven')
    await until(
      'the driver has removed the volume',
      async () => (await says('get pv')).includes('directories') === false,
    )
    // Of both machines, in the order of time.
    const lines = (await says('logs -l example=directories --tail=-1')).split('\n').sort()
    const did = lines.flatMap(
      (line) => line.match(/ (attach|detach|stage|publish|grow|unpublish|unstage|remove) pvc-/)?.[1] ?? [],
    )
    expect(did.slice(0, 3)).toEqual(['attach', 'stage', 'publish'])
    expect(did.filter((what) => what !== 'detach').slice(-2)).toEqual(['unstage', 'remove'])
    // Never under a mount: what is staged is attached, and is so until it is not staged any more.
    for (const [at, what] of did.entries()) {
      const latest = (...kinds: string[]) => did.slice(0, at).findLast((one) => kinds.includes(one))
      if (what === 'stage') expect(latest('attach', 'detach')).toBe('attach')
      if (what === 'detach') expect(latest('stage', 'unstage')).toBe('unstage')
    }
    expect(did).toContain('detach')
    expect(did[did.indexOf('grow') - 1]).toBe('publish')
    const served = / for (first|second) of system:serviceaccount:default:default$/
    expect(new Set(lines.flatMap((line) => line.match(served)?.[1] ?? []))).toEqual(new Set(['first', 'second']))
  })
}

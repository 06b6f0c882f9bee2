// Storage by the example of docs/examples/csi-driver.

import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { root } from '../support/commands.ts'
import { until } from '../support/until.ts'
import { CLAIM, podWithData, type Seat } from './seat.ts'

export function storageDrivers(seat: () => Seat): void {
  it('takes volumes from a driver of somebody else’s making', async () => {
    const { says, logsOf, directory } = seat()
    const example = join(root, 'docs/examples/csi-driver')
    const program = join(directory, 'driver.mjs')
    const options = { bundle: true, platform: 'node', format: 'esm', outfile: program } as const
    await build({ entryPoints: [join(example, 'driver.ts')], ...options })
    await says(`create configmap csi-driver --from-file=${program}`)
    await says(`apply -f ${join(example, 'driver.yaml')}`)
    await says('rollout status daemonset/csi-driver --timeout=60s')
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
    for (const [name, command] of [
      ['first', 'echo kept > /data/page'],
      ['second', 'cat /data/page; stat -c "%a %g" /data'],
    ] as const) {
      await says('apply -f -', claimed(name, command))
      await says(`wait --for=jsonpath={.status.phase}=Succeeded pod/${name} --timeout=60s`)
    }
    expect(await logsOf('second')).toEqual(['kept', '2775 2000'])
    await says('delete pod first second')
    await says('delete pvc driven')
    await until(
      'the driver has removed the volume',
      async () => (await says('get pv')).includes('directories') === false,
    )
    // Of both machines, in the order of time.
    const lines = (await says('logs -l app=csi-driver --tail=-1')).split('\n').sort()
    const did = lines.flatMap((line) => line.match(/ (stage|publish|unpublish|unstage|remove) pvc-/)?.[1] ?? [])
    expect(did.at(0)).toBe('stage')
    expect(did.slice(-2)).toEqual(['unstage', 'remove'])
  })
}

// An image that an instructor adds while clusters run.

import { join } from 'node:path'
import { expect, it } from 'vitest'
import { podium, run } from '../support/commands.ts'
import { until } from '../support/until.ts'
import type { Seat } from './seat.ts'

export const ADDED_IMAGE = 'e2e-added:1.0'

export function addedImages(seat: () => Seat): void {
  it('reaches machines that run by the registry and others by their disk, and goes again', async () => {
    const { says, on, cluster, directory } = seat()
    const file = join(directory, 'added.tar')
    // One that is there already, so that each run of this makes the same disk.
    const { stdout } = await run('docker', ['images', '--format', '{{.Repository}}:{{.Tag}}', 'podium/hello-1.0'])
    const [hello = ''] = stdout.split('\n')
    const saved = await run('docker', ['save', '-o', file, hello])
    expect(saved).toMatchObject({ code: 0 })
    expect(await podium('images', 'add', file, '--name', ADDED_IMAGE)).toContain('pods may use it now')

    await says(`run added --image=${ADDED_IMAGE}`)
    await says('wait --for=condition=Ready pod/added --timeout=60s')
    const pulled = `Successfully pulled image "${ADDED_IMAGE}"`
    await until('it was pulled', async () =>
      (await says('get events --field-selector involvedObject.name=added')).includes(pulled),
    )

    const command = await podium('token', 'create', '--cluster', cluster, '--print-join-command')
    const [, node = ''] = /node "(\S+)" has joined/.exec(await podium(...command.trim().split(' ').slice(1))) ?? []
    expect(await on(node, `docker images -q ${ADDED_IMAGE}`)).not.toBe('')
    await podium('node', 'remove', node, '--cluster', cluster)

    await podium('images', 'remove', ADDED_IMAGE)
    await says('delete pod added --now')
    await says(`run removed --image=${ADDED_IMAGE} --image-pull-policy=Always`)
    const waiting = 'get pod removed -o jsonpath={.status.containerStatuses[0].state.waiting.reason}'
    await until('it is there no more', async () => /ImagePull/.test(await says(waiting)))
    await says('delete pod removed --now')
  })
}

// Pods that are changed while they run: subpaths that are mended, containers that join, commands, deadlines.

import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { forever, PODS, pod, type Seat, shell } from './seat.ts'

const subpath = (name: string, value: string) =>
  pod(name, {
    volumes: [{ name: 'workdir1', emptyDir: {} }],
    containers: [
      shell(forever, {
        env: [
          { name: 'POD_NAME', value },
          { name: 'ANNOTATION', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['mysubpath']" } } },
        ],
        volumeMounts: [
          {
            name: 'workdir1',
            mountPath: '/subpath_mount',
            subPathExpr: name === 'heals' ? '$(ANNOTATION)/$(POD_NAME)' : '$(POD_NAME)',
          },
          { name: 'workdir1', mountPath: '/volume_mount' },
        ],
      }),
    ],
  })

export const changedPods: readonly object[] = [
  subpath('absolute', '/tmp'),
  subpath('backsteps', '..'),
  subpath('heals', 'foo'),
  pod('joined', { containers: [shell(forever)] }),
  pod('ends-by-deadline', { activeDeadlineSeconds: 1000, containers: [shell(forever)] }),
]

export function podsThatChange(seat: () => Seat): void {
  it('Variable Expansion should fail for absolute paths and steps back in a subpath, and be mended by an annotation', async () => {
    const { podThat, patch, ready, exec } = seat()
    for (const name of ['absolute', 'backsteps', 'heals']) {
      await podThat(
        name,
        'is held',
        ({ containerStatuses }) => containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
      )
    }
    await patch(`${PODS}/heals`, { metadata: { annotations: { mysubpath: 'mypath' } } })
    await ready('heals')
    expect(await exec('heals', 'touch /volume_mount/mypath/foo/test.log; ls /subpath_mount')).toBe('test.log\n')
    await patch(`${PODS}/heals`, { metadata: { annotations: { mysubpath: 'mynewpath' } } })
    expect((await ready('heals')).status?.containerStatuses?.[0]?.restartCount).toBe(0)
  })

  it('Ephemeral Containers: will start in an existing pod, and be updated', async () => {
    const { ready, podThat, patch } = seat()
    await ready('joined')
    const join = (...names: string[]) =>
      patch(`${PODS}/joined/ephemeralcontainers`, {
        spec: {
          '$setElementOrder/ephemeralContainers': names.map((name) => ({ name })),
          ephemeralContainers: [{ ...shell('echo polo; sleep 600'), name: names.at(-1) }],
        },
      })
    await join('first')
    await podThat(
      'joined',
      'has one',
      ({ ephemeralContainerStatuses: all = [] }) => all.length === 1 && !!all[0]?.state?.running,
    )
    await join('first', 'second')
    const { spec } = await podThat(
      'joined',
      'has two',
      ({ ephemeralContainerStatuses: all = [] }) => all.length === 2 && all.every(({ state }) => state?.running),
    )
    expect(spec?.ephemeralContainers?.map(({ name }) => name)).toEqual(['first', 'second'])
    await seat().saidBy('joined', 'second', ['polo'])
  })

  it('Pods should support remote command execution and logs over WebSocket', async () => {
    const { api, saidBy } = seat()
    await saidBy('joined', 'first', ['polo'])
    const exec = new URLSearchParams([
      ['stdout', '1'],
      ['stderr', '1'],
      ['container', 'main'],
      ['command', 'echo'],
      ['command', 'remote execution test'],
    ])
    const said = await api.webSocket(`${PODS}/joined/exec?${exec}`, 'channel.k8s.io')
    const ofStdout = said.filter(([channel]) => channel === 1).map((message) => message.subarray(1))
    expect(Buffer.concat(ofStdout).toString()).toBe('remote execution test\n')
    expect(said.every(([channel, ...rest]) => channel === 1 || rest.length === 0)).toBe(true)
    expect(Buffer.concat(await api.webSocket(`${PODS}/joined/log?container=first`, 'binary.k8s.io')).toString()).toBe(
      'polo\n',
    )
  })

  it('Pods should allow activeDeadlineSeconds to be updated, and status to be patched', async () => {
    const { ready, patch, ended, api } = seat()
    await ready('ends-by-deadline')
    const message = randomUUID()
    expect(await patch(`${PODS}/ends-by-deadline/status`, { status: { message } })).toMatchObject({
      status: { message },
    })
    const longer = await api.ask(
      'PATCH',
      `${PODS}/ends-by-deadline`,
      { spec: { activeDeadlineSeconds: 2000 } },
      'application/merge-patch+json',
    )
    expect(longer.code).toBe(422)
    await patch(`${PODS}/ends-by-deadline`, { spec: { activeDeadlineSeconds: 5 } })
    expect((await ended('ends-by-deadline')).status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' })
  })
}

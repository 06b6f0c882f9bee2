import type Docker from 'dockerode'
import { expect, it } from 'vitest'
import { POD_UID } from '../labels.ts'
import { DockerLists } from './docker-lists.ts'
import { KIND } from './docker-status.ts'

/** An engine with a sandbox and a container of one pod, that notes what it is asked for. */
function openLists() {
  const there = ['podsandbox', 'container'].map((kind) => ({ Id: kind, Labels: { [KIND]: kind, [POD_UID]: 'u1' } }))
  const asked: string[] = []
  const listContainers = async ({ filters: { label } }: { filters: { label: string[] } }) => {
    asked.push(label.join())
    const hasAll = (labels: Record<string, string>) =>
      label.every((one) => Object.entries(labels).some((pair) => pair.join('=') === one))
    return there.filter(({ Labels }) => hasAll(Labels))
  }
  return { lists: new DockerLists({ listContainers } as unknown as Docker), asked }
}

const ids = (found: { Id: string }[][]) => found.flat().map(({ Id }) => Id)

it('asks the engine once for a pod’s sandboxes and containers, and anew for who comes later', async () => {
  const { lists, asked } = openLists()
  const both = [lists.ofKind('podsandbox', 'u1'), lists.ofKind('container', 'u1')]
  expect(ids(await Promise.all(both))).toEqual(['podsandbox', 'container'])
  expect(asked).toEqual([`${POD_UID}=u1`])
  const first = lists.ofKind('container', 'u1')
  // The first has no answer yet, and may get one from before.
  await Promise.resolve()
  expect(ids(await Promise.all([first, lists.ofKind('podsandbox', 'u1')]))).toEqual(['container', 'podsandbox'])
  expect(asked).toHaveLength(3)
})

it('asks for another pod’s, and for those of all, apart', async () => {
  const { lists, asked } = openLists()
  const found = await Promise.all([
    lists.ofKind('container', 'u1'),
    lists.ofKind('container', 'u2'),
    lists.ofKind('podsandbox', undefined),
  ])
  expect(ids(found)).toEqual(['container', 'podsandbox'])
  expect(asked).toEqual([`${POD_UID}=u1`, `${POD_UID}=u2`, `${KIND}=podsandbox`])
})

import { expect, it } from 'vitest'
import type { KubeObject } from '../../kube/apimachinery/object-meta.ts'
import type { ClusterView } from '../labs/cluster-view.ts'
import { type ListedChange, momentsUpTo } from './moments.ts'

const pod = (name: string, resourceVersion: string): KubeObject => ({ metadata: { name, uid: name, resourceVersion } })
const view = (...pods: KubeObject[]) => ({ pods }) as unknown as ClusterView
const seen = (moments: ClusterView[]) =>
  moments.map(({ pods }) =>
    pods
      .map(({ metadata }) => `${metadata?.name}@${metadata?.resourceVersion}`)
      .sort()
      .join(),
  )

it('tells what was in between, in the order of revisions', () => {
  const changes: ListedChange[] = [
    { list: 'pods', change: { type: 'deleted', object: pod('b', '7'), finalStateUnknown: false } },
    { list: 'pods', change: { type: 'updated', object: pod('a', '5'), previous: pod('a', '3') } },
    { list: 'pods', change: { type: 'added', object: pod('c', '6'), initial: false } },
  ]
  expect(seen(momentsUpTo(view(pod('a', '5'), pod('c', '6')), changes))).toEqual([
    'a@3,b@7',
    'a@5,b@7',
    'a@5,b@7,c@6',
    'a@5,c@6',
  ])
})

it('is not misled by a list that tells anew what there was', () => {
  const told: ListedChange = {
    list: 'pods',
    change: { type: 'updated', object: pod('a', '5'), previous: pod('a', '5') },
  }
  expect(seen(momentsUpTo(view(pod('a', '5')), [told, told]))).toEqual(['a@5'])
})

// What the time slider asks: which revisions there are, and how everything was at one of them. Both are read from the
// store's own history, so they reach back to its compaction and are the same for everybody who looks.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import type { ChangeLog, ClusterHost } from '../kube/cluster/index.ts'
import type { AnyKind } from '../kube/kinds/define-kind.ts'
import { type PictureNode, type PicturePod, pictureNode, picturePod } from './picture-push.ts'
import { isReadWhole, seenKinds } from './seen-kinds.ts'
import { type Raw, type SeenObject, seeObjects } from './seen-object.ts'

/** Revisions below `compactRevision` are gone; `changes` may begin later, where there were very many. */
export type ClusterHistory = ChangeLog

export interface PastMoment {
  revision: number
  compactRevision: number
  /** The store has forgotten it; nothing else is told then. */
  isForgotten: boolean
  pods: PicturePod[]
  nodes: PictureNode[]
  objects: SeenObject[]
}

/** More than a slider can show apart. */
const MOST_CHANGES = 3000

export const historyOf = (host: ClusterHost, cluster: string): Promise<ClusterHistory> =>
  host.changeLog(cluster, MOST_CHANGES)

export async function momentOf(host: ClusterHost, cluster: string, asked: number): Promise<PastMoment> {
  const { revision, compactRevision, all, isForgotten } = await objectsAt(host, cluster, {
    revision: asked,
    kinds: seenKinds,
    isReadWhole,
  })
  const ofKind = (name: string) => all.filter(({ kind }) => kind.kind === name).map(({ object }) => object)
  return {
    revision,
    compactRevision,
    isForgotten,
    pods: (ofKind('Pod') as Pod[]).map(picturePod),
    nodes: (ofKind('Node') as Node[]).map(pictureNode),
    objects: seeObjects(all),
  }
}

/** Every object of these kinds as the store had it; none where it has forgotten. */
export async function objectsAt(
  host: ClusterHost,
  cluster: string,
  query: { revision: number; kinds: readonly AnyKind[]; isReadWhole: (kind: AnyKind) => boolean },
): Promise<Pick<PastMoment, 'revision' | 'compactRevision' | 'isForgotten'> & { all: Raw[] }> {
  const { kinds, isReadWhole } = query
  const { revision, compactRevision, objects } = await host.stateAt(cluster, {
    revision: query.revision,
    kinds: kinds.map((kind) => ({ group: kind.group, resource: kind.plural, isWhole: isReadWhole(kind) })),
  })
  const all = (objects ?? []).flatMap((some, nth) => some.map((object) => ({ kind: kinds[nth]!, object })))
  return { revision, compactRevision, isForgotten: objects === undefined, all }
}

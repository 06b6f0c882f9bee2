// The default flow schemas and priority levels. The mandatory ones are as they must be; the suggested ones are kept as
// suggested until somebody sets their annotation to false. Upstream: kubernetes/pkg/registry/flowcontrol/{rest,ensurer}.

import type { FlowSchema as Wire } from 'kubernetes-types/flowcontrol/v1'
import { type Clock, isoTime } from '../../../base/clock.ts'
import { deepCopy, deepEqual } from '../../apimachinery/deep.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import {
  AUTO_UPDATE,
  MANDATORY_LEVELS,
  MANDATORY_SCHEMAS,
  SUGGESTED_LEVELS,
  SUGGESTED_SCHEMAS,
} from '../../kinds/flow-control/default-objects.ts'
import { FlowSchema, PriorityLevelConfiguration } from '../../kinds/index.ts'
import { sayWhetherDangling } from '../flow-control/dangling-loop.ts'
import { createOnce, type Peek, type SystemPart } from './part.ts'

interface Wanted {
  kind: AnyKind
  object: KubeObject & { spec?: unknown }
  isMandatory: boolean
}

export function flowControl(clock: Clock): SystemPart {
  const wanted: Wanted[] = [
    ...asWanted(PriorityLevelConfiguration, MANDATORY_LEVELS, true),
    ...asWanted(PriorityLevelConfiguration, SUGGESTED_LEVELS, false),
    ...asWanted(FlowSchema, MANDATORY_SCHEMAS, true),
    ...asWanted(FlowSchema, SUGGESTED_SCHEMAS, false),
  ]
  return {
    hooks: ['priority-and-fairness-config-producer'],
    isComplete: (peek) => wanted.every((one) => isAsWanted(one, peek)),
    async ensure(client, peek) {
      await Promise.all(
        wanted
          .filter((one) => !isAsWanted(one, peek))
          .map((one) => {
            const there = thereOf(one, peek)
            if (!there) return createOnce(client, peek, one)
            return client.of(one.kind).update({ ...there, spec: one.object.spec } as KubeObject)
          }),
      )
      // At once, so that a server that has started is at rest; later the loop looks after it.
      const schemas = wanted.filter((one) => one.kind === FlowSchema)
      await Promise.all(
        schemas.map((one) =>
          sayWhetherDangling(client, (thereOf(one, peek) ?? one.object) as Wire, {
            isThere: true,
            now: isoTime(clock),
          }),
        ),
      )
    },
  }
}

const asWanted = (kind: AnyKind, objects: readonly KubeObject[], isMandatory: boolean): Wanted[] =>
  objects.map((told) => {
    const object = deepCopy(told)
    kind.strategy.setDefaults?.(object)
    return { kind, object, isMandatory }
  })

const thereOf = ({ kind, object }: Wanted, peek: Peek) =>
  peek(kind, '', object.metadata?.name ?? '') as Wanted['object'] | undefined

function isAsWanted(one: Wanted, peek: Peek): boolean {
  const there = thereOf(one, peek)
  if (!there) return false
  const isKeptByUs = one.isMandatory || there.metadata?.annotations?.[AUTO_UPDATE] === 'true'
  return !isKeptByUs || deepEqual(there.spec, one.object.spec)
}

'use client'

// Owners over owned in the room of the loops; from what is chosen, a line down to every machine that has Pods of it: solid
// for Pods it owns, dashed for Pods that its selector reaches.

import { Menu } from '@mantine/core'
import { useEffect, useMemo } from 'react'
import type { SeenObject } from '../../../../server/observe/index.ts'
import { Glyph, hueOf } from '../../../_ui/glyph.tsx'
import { Shape } from '../../../_ui/shape.tsx'
import type { Rect } from '../canvas/picture-layout.ts'
import type { LayerProps } from '../lens.ts'
import { isSameObject, toggle } from '../picture/selection.ts'
import { shortName } from '../picture/short-name.ts'
import style from './objects.module.css'
import { layoutObjects } from './objects-layout.ts'
import { reachOf } from './reach.ts'
import { useObjects } from './use-objects.ts'

export function ObjectsLayer(props: LayerProps) {
  const { store, selection, select, layout } = props
  const objects = useObjects(props)
  const { model, namespace } = objects
  const chosen = selection && 'object' in selection ? model.find(selection.object) : undefined
  const reach = reachOf(model, chosen, objects.mayAsk && objects.selector.trim() ? objects.matched : undefined)

  const lit = [...reach.pods].sort().join(' ')
  useEffect(() => store.light(new Set(lit === '' ? [] : lit.split(' '))), [store, lit])
  useEffect(() => () => store.light(new Set()), [store])

  const { x, y, height } = layout.loops[0] ?? { x: layout.api.x, y: layout.fold.y, height: layout.fold.height }
  const width = layout.fold.x - x - 8
  const onMachines = useMemo(
    () => new Set(store.model.pods.filter((pod) => pod.node && pod.namespace === namespace).map(({ name }) => name)),
    [store.model.pods, namespace],
  )
  const { cards, folded, lines } = layoutObjects(model, { namespace, room: { x, y, width, height }, onMachines })
  const from = chosen && cards.find(({ object }) => object.uid === (chosen.kind === 'Pod' ? '' : chosen.uid))
  return (
    <div className={style.layer}>
      <svg className={style.lines} width={layout.width} height={layout.height} aria-hidden="true">
        <title>Owners and owned</title>
        {lines.map((line) => (
          <path key={`${line.x} ${line.y1}`} d={`M${line.x} ${line.y1}V${line.y2}`} />
        ))}
        {from && <ReachLines from={from} reach={reach} layout={layout} podNode={nodeOfPods(store)} />}
      </svg>
      {!model.isWhole && <p className={style.empty}>Reading every object of your cluster.</p>}
      {model.isWhole && cards.length === 0 && (
        <p className={style.empty}>
          No objects in <code>{namespace}</code> yet. Create something:{' '}
          <code>kubectl create deployment web --image=nginx</code>
        </p>
      )}
      {cards.map(({ object, ...rect }) => (
        <Card
          key={object.uid}
          object={object}
          rect={rect}
          isLit={reach.uids.has(object.uid)}
          isChosen={selection !== null && 'object' in selection && isSameObject(selection.object, object)}
          choose={() => toggle(props, object)}
        />
      ))}
      {folded.length > 0 && <Folded folded={folded} rect={layout.fold} choose={(object) => select({ object })} />}
    </div>
  )
}

const shortKinds: Readonly<Record<string, string>> = {
  ConfigMap: 'cm',
  Deployment: 'deploy',
  EndpointSlice: 'slice',
  Pod: 'po',
  ReplicaSet: 'rs',
  Service: 'svc',
  ServiceAccount: 'sa',
}

const at = ({ x, y, width, height }: Rect) => ({ left: x, top: y, width, height })

function Card(props: { object: SeenObject; rect: Rect; isLit: boolean; isChosen: boolean; choose: () => void }) {
  const { object, rect, isLit, isChosen, choose } = props
  const isNet = object.kind === 'Service' || object.kind === 'EndpointSlice'
  // Low cards call the kind as kubectl does for short; the rest is beside the picture and in the table.
  const isLow = rect.height < 40
  const kind = isLow ? (shortKinds[object.kind] ?? object.kind) : object.kind
  const room = Math.floor((rect.width - 20 - (isLow ? kind.length * 6.5 + (isNet ? 20 : 6) : 0)) / 7.3)
  return (
    <button
      type="button"
      className={`${style.card} nopan`}
      style={{ ...at(rect), ...(isNet ? ({ '--hue': hueOf('net') } as React.CSSProperties) : {}) }}
      data-object={`${object.resource}/${object.name}`}
      data-net={isNet || undefined}
      data-low={isLow || undefined}
      data-lit={isLit || undefined}
      data-deleting={object.deleting ? '' : undefined}
      aria-pressed={isChosen}
      title={`${object.kind} ${object.name}`}
      onClick={choose}
    >
      <span className={style.kind}>
        {isNet && <Glyph who="net" size={11} />}
        <em>{kind}</em>
        {!isLow && (
          <span>{object.deleting ? 'being deleted' : object.kind === 'EndpointSlice' ? '' : object.status}</span>
        )}
        {object.deleting && <Shape state="wait" size={11} />}
      </span>
      <b>{shortName(object.name, Math.max(6, room))}</b>
    </button>
  )
}

function Folded(props: { folded: SeenObject[]; rect: Rect; choose: (object: SeenObject) => void }) {
  const { folded, rect, choose } = props
  return (
    <Menu position="bottom-end" shadow="md" transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <button
          type="button"
          className={`${style.card} ${style.fold} nopan`}
          style={at(rect)}
          title="Choose one to look at"
        >
          <b>+{folded.length}</b>
          objects
        </button>
      </Menu.Target>
      <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
        {folded.map((object) => (
          <Menu.Item key={object.uid} onClick={() => choose(object)}>
            {object.kind} {object.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

/** Which machine each Pod is on, as the picture knows it. */
function nodeOfPods(store: LayerProps['store']): ReadonlyMap<string, string> {
  return new Map(store.model.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod.node]))
}

function ReachLines(props: {
  from: Rect
  reach: ReturnType<typeof reachOf>
  layout: LayerProps['layout']
  podNode: ReadonlyMap<string, string>
}) {
  const { from, reach, layout, podNode } = props
  const machines = layout.machines.filter(({ name }) => [...reach.pods].some((pod) => podNode.get(pod) === name))
  if (machines.length === 0) return null
  const start = from.x + from.width / 2
  const busY = layout.api.y + layout.api.height + (machines[0]!.y - layout.api.y - layout.api.height) / 2
  const ends = machines.map(({ x, width, y }) => ({ x: x + width / 2, y }))
  const xs = [start, ...ends.map(({ x }) => x)]
  return (
    <g className={style.reach} data-selects={reach.isBySelector || undefined}>
      <path
        d={`M${start} ${from.y + from.height}V${layout.api.y}M${start} ${layout.api.y + layout.api.height}V${busY}`}
      />
      <path d={`M${Math.min(...xs)} ${busY}H${Math.max(...xs)}`} />
      {ends.map(({ x, y }) => (
        <path key={x} d={`M${x} ${busY}V${y}`} />
      ))}
      <text x={Math.min(...xs) + 6} y={busY - 6}>
        {reach.words}
      </text>
    </g>
  )
}

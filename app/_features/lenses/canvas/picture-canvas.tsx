'use client'

// The picture: React Flow carries the cards and the ways between them, one layer above carries the dots.
// On the root, for whoever checks us: data-seq, data-from-seq, data-requests, data-delivers, data-appends count every
// event that became a dot since the page began to look, data-hidden those that the heartbeat filter kept out.

import { useElementSize, useMergedRef, useReducedMotion } from '@mantine/hooks'
import { type Edge, type Node, ReactFlow, ReactFlowProvider, useReactFlow, ViewportPortal } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { RequestTrace } from '../../../../server/base/trace.ts'
import type { CommonPart, Lens, LensProps, LensView } from '../lens.ts'
import {
  chainOf,
  chainOfClient,
  chainOfObject,
  type Mark,
  marksOf,
  storyMarks,
  storyOf,
} from '../picture/cause-chain.ts'
import { focusOf } from '../picture/focus.ts'
import type { Dot, PictureModel } from '../picture/picture-model.ts'
import type { Selecting, Selection } from '../picture/selection.ts'
import { usePictureVersion } from '../picture/use-picture.ts'
import { edgeTypes, nodeTypes } from './canvas-parts.tsx'
import { ChainMarks } from './chain-marks.tsx'
import { DotOverlay, type Scene } from './dot-overlay.ts'
import dots from './dots.module.css'
import style from './picture-canvas.module.css'
import { layoutPicture, loopSlots, type PictureLayout, wayOf } from './picture-layout.ts'

interface Props extends LensProps {
  lens: Lens
  /** Undefined while the lens's code is on the way: then the common cards stand alone. */
  view: LensView | undefined
}

const noParts: readonly CommonPart[] = []

export function PictureCanvas(props: Props) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  )
}

function Canvas({ store, sessionId, selection, select, lens, view }: Props) {
  const { model, connection } = store
  const version = usePictureVersion(store)
  const { ref, width, height } = useElementSize()
  const machines = model.nodes.map((node) => node.name)
  const names = machines.join(' ')
  const loopCount = model.shownLoops.length
  useEffect(() => {
    if (width === 0) return
    model.setSlots(loopSlots(width))
    store.changed()
  }, [model, store, width])
  const { without = noParts, leastHeight } = view ?? {}
  // biome-ignore lint/correctness/useExhaustiveDependencies: `names` stands for the list of machines
  const layout = useMemo(
    () => withoutWaysTo(layoutPicture({ width, height, leastHeight, loops: loopCount, machines }), without),
    [width, height, leastHeight, loopCount, names, without],
  )
  const overflows = layout.width > width + 1 || layout.height > height + 1
  const flow = useReactFlow()
  useEffect(() => {
    if (!overflows) flow.setViewport({ x: 0, y: 0, zoom: 1 })
  }, [flow, overflows])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the model is mutable, `version` says when it changed
  const marks = useMemo(
    () => (without.includes('ways') ? [] : chainMarks(model, selection)),
    [model, selection, without, version],
  )
  const wayId = (mark: Pick<Mark, 'kind' | 'client'>) => wayIdOf(model, layout, mark)
  const hotWays = new Set(marks.map(wayId))

  const [layer, setLayer] = useState<HTMLDivElement | null>(null)
  const rootRef = useRef<HTMLElement>(null)
  const mergedRef = useMergedRef(ref, rootRef)
  const sceneRef = useRef<Scene>(null!)
  sceneRef.current = {
    layout,
    way: (dot: Dot) => wayIdOf(model, layout, dot),
    who: (dot: Dot) => model.place(dot.client).who,
  }
  const isStill = useReducedMotion()
  const stillRef = useRef(isStill)
  stillRef.current = isStill
  // biome-ignore lint/correctness/useExhaustiveDependencies: dots of one lens have no way in the next
  useEffect(() => {
    if (!layer) return
    const overlay = new DotOverlay(
      layer,
      () => sceneRef.current,
      () => stillRef.current,
    )
    const write = () => rootRef.current && writeCounters(rootRef.current, model)
    write()
    const stop = store.onDots((some, resting) => {
      overlay.show(some, resting)
      write()
    })
    return () => {
      stop()
      overlay.close()
    }
  }, [store, model, layer, without])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the model is mutable, `version` says when it changed
  const cards = useMemo(
    () => drawCards(model, layout, { selection, select, lit: store.lit }, marks, view),
    [model, layout, selection, select, marks, view, version],
  )
  const hot = [...hotWays].sort().join(',')
  // biome-ignore lint/correctness/useExhaustiveDependencies: `hot` stands for the set
  const edges = useMemo(() => drawWays(layout, hotWays), [layout, hot])
  const Layer = view?.Layer

  return (
    <section
      ref={mergedRef}
      className={style.canvas}
      aria-label={sayPicture(model, lens, store.moment !== undefined)}
      data-picture-canvas={lens.id}
      data-connection={connection.state}
    >
      {width > 0 && (
        <ReactFlow
          ref={readable}
          nodes={cards}
          edges={edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          zoomOnScroll={false}
          zoomOnPinch={false}
          zoomOnDoubleClick={false}
          panOnDrag={overflows}
          panOnScroll={overflows}
          preventScrolling={overflows}
          minZoom={1}
          maxZoom={1}
          translateExtent={[
            [0, 0],
            [Math.max(layout.width, width), Math.max(layout.height, height)],
          ]}
          onPaneClick={(event) => {
            const seq = layer ? DotOverlay.seqNear(layer, event.clientX, event.clientY) : undefined
            select(seq === undefined ? null : { seq })
          }}
        >
          <ViewportPortal>
            {Layer && (
              <Layer store={store} sessionId={sessionId} selection={selection} select={select} layout={layout} />
            )}
            {/* The tape and the table offer the same events to the keyboard. */}
            <div ref={setLayer} className={dots.layer} aria-hidden="true" />
            <div className={dots.layer} aria-hidden="true">
              <ChainMarks marks={marks} model={model} layout={layout} wayId={wayId} />
            </div>
          </ViewportPortal>
        </ReactFlow>
      )}
    </section>
  )
}

/** React Flow calls itself an application, which keeps screen readers from reading the cards one by one. */
function readable(element: HTMLDivElement | null): void {
  element?.setAttribute('role', 'group')
  element?.querySelector('.react-flow__edges')?.setAttribute('aria-hidden', 'true')
}

function chainMarks(model: PictureModel, selection: Selection): Mark[] {
  if (!selection) return model.lastDeed ? storyMarks(model, storyOf(model, model.lastDeed.id)) : []
  if ('object' in selection) {
    const chain = chainOfObject(model, selection.object)
    return chain ? marksOf(chain) : []
  }
  if ('seq' in selection) return marksOf(chainOf(model, selection.seq))
  const chain = chainOfClient(model, selection.client)
  return chain ? marksOf(chain) : []
}

function wayIdOf(model: PictureModel, layout: PictureLayout, dot: Pick<Dot, 'kind' | 'client'>): string {
  if (dot.kind === 'append') return 'append'
  return `${wayOf(model.place(dot.client), dot.client, model.shownLoops, layout)} ${dot.kind}`
}

function writeCounters(root: HTMLElement, model: PictureModel): void {
  const { counters } = model
  const values = {
    seq: model.seq,
    fromSeq: model.fromSeq,
    missed: model.missed,
    requests: counters.requests,
    delivers: counters.delivers,
    appends: counters.appends,
    hidden: counters.hiddenRequests + counters.hiddenDelivers + counters.hiddenAppends,
    hiddenRequests: counters.hiddenRequests,
    hiddenDelivers: counters.hiddenDelivers,
    hiddenAppends: counters.hiddenAppends,
  }
  for (const [name, value] of Object.entries(values)) root.dataset[name] = String(value)
}

function drawCards(
  model: PictureModel,
  layout: PictureLayout,
  shared: Selecting & { lit: ReadonlySet<string> },
  marks: readonly Mark[],
  view: LensView | undefined,
): Node[] {
  const { without = noParts, bandRequest } = view ?? {}
  const { compact } = layout
  const { selection } = shared
  const node = (
    id: string,
    type: string,
    rect: { x: number; y: number; width: number; height: number },
    data: object,
  ): Node => ({
    id,
    type,
    position: { x: rect.x, y: rect.y },
    width: rect.width,
    height: rect.height,
    data: { model, compact, ...shared, ...data },
  })
  const shown = model.shownLoops.slice(0, layout.loops.length)
  const focus = selection && !('client' in selection) ? focusOf(model, selection) : undefined
  const cards: Record<Exclude<CommonPart, 'stages' | 'ways'>, Node[]> = {
    loops: [
      ...shown.map((client, index) => node(`loop ${index}`, 'loop', layout.loops[index]!, { client })),
      node('fold', 'fold', layout.fold, { folded: model.loops.filter((client) => !shown.includes(client)) }),
    ],
    api: [
      node('api', 'api', layout.api, {
        hasStages: !without.includes('stages'),
        request: bandRequest ? bandRequest(model, selection) : requestInBand(model, selection),
      }),
    ],
    you: [node('you', 'you', layout.you, {})],
    scheduler: [node('scheduler', 'scheduler', layout.scheduler, {})],
    machines: [
      ...layout.machines.map((machine) => node(`machine ${machine.name}`, 'machine', machine, { machine })),
      ...(layout.machineFold
        ? [node('machines', 'machines', layout.machineFold, { count: layout.foldedMachines })]
        : []),
    ],
    tape: [node('etcd', 'etcd', layout.tape, { rowCount: layout.tapeRows, marks, focus })],
  }
  return Object.entries(cards).flatMap(([part, nodes]) => (without.includes(part as CommonPart) ? [] : nodes))
}

/** The chosen request or the one that made the chosen revision; else what was last answered. */
function requestInBand(model: PictureModel, selection: Selection): RequestTrace | undefined {
  const chosen = selection && 'seq' in selection ? model.rowBySeq(selection.seq)?.event : undefined
  if (chosen?.type === 'request') return chosen
  return chosen?.type === 'append' ? model.requestById(chosen.requestId)?.event : model.bandRequest
}

/** The common card that a way ends at. */
function partOf(wayId: string): CommonPart {
  if (wayId === 'append') return 'tape'
  const [head = ''] = wayId.split(' ')
  if (head === 'loop' || head === 'fold') return 'loops'
  return head === 'you' || head === 'scheduler' ? head : 'machines'
}

/** A way leads nowhere when the card at its end is not drawn: neither lines nor dots nor marks go along it. */
function withoutWaysTo(layout: PictureLayout, without: readonly CommonPart[]): PictureLayout {
  if (without.length === 0) return layout
  const isDrawn = (id: string) => !['ways', 'api', partOf(id)].some((part) => without.includes(part as CommonPart))
  return { ...layout, ways: new Map([...layout.ways].filter(([id]) => isDrawn(id))) }
}

function drawWays(layout: PictureLayout, hot: ReadonlySet<string>): Edge[] {
  return [...layout.ways.values()].map((way) => {
    const card =
      way.id === 'append' ? 'etcd' : way.id.replace(/ (request|deliver)$/, '').replace(/^(kubelet|proxy) /, 'machine ')
    const data = { way, isHot: hot.has(way.id) }
    // Lines say nothing that the cards and the table do not say in words.
    const line = { id: way.id, type: 'way', data, domAttributes: { 'aria-hidden': true } }
    return way.kind === 'request' ? { ...line, source: card, target: 'api' } : { ...line, source: 'api', target: card }
  })
}

function sayPicture(model: PictureModel, lens: Lens, isPast: boolean): string {
  const pods = model.pods.filter((pod) => pod.ready).length
  return `${lens.title} lens, ${isPast ? 'in the past' : 'live'}: revision ${model.revision}, ${model.loops.length} loops, ${model.nodes.length} machines, ${pods} of ${model.pods.length} Pods ready. The Table shows the same as text.`
}

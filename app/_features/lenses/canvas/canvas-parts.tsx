'use client'

// The cards and ways that React Flow draws. To add one: a component here or beside, and a line in nodeTypes.

import { type Edge, type EdgeProps, Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import type { ComponentType } from 'react'
import { memo } from 'react'
import { ApiBand } from './cards/api-band.tsx'
import type { CardData } from './cards/card-data.ts'
import { EtcdTape } from './cards/etcd-tape.tsx'
import { FoldCard } from './cards/fold-card.tsx'
import { FoldedMachines } from './cards/folded-machines.tsx'
import { LoopCard } from './cards/loop-card.tsx'
import { MachineCard } from './cards/machine-card.tsx'
import { SchedulerCard } from './cards/scheduler-card.tsx'
import { YouCard } from './cards/you-card.tsx'
import style from './picture-canvas.module.css'
import type { Way } from './picture-layout.ts'

function asNode<D extends CardData>(Card: ComponentType<D>) {
  return memo(function CardNode({ data }: NodeProps<Node<D & Record<string, unknown>>>) {
    return (
      <>
        {/* React Flow draws no edge to a node without handles; ways know their own ends. */}
        <Handle type="source" position={Position.Top} isConnectable={false} />
        <Handle type="target" position={Position.Top} isConnectable={false} />
        <Card {...data} />
      </>
    )
  })
}

export const nodeTypes = {
  loop: asNode(LoopCard),
  fold: asNode(FoldCard),
  api: asNode(ApiBand),
  etcd: asNode(EtcdTape),
  you: asNode(YouCard),
  scheduler: asNode(SchedulerCard),
  machine: asNode(MachineCard),
  machines: asNode(FoldedMachines),
}

type WayEdge = Edge<{ way: Way; isHot: boolean }>

export const edgeTypes = {
  way: memo(function WayLine({ data }: EdgeProps<WayEdge>) {
    if (!data) return null
    const { way, isHot } = data
    return (
      <path
        d={`M${way.x1} ${way.y1}L${way.x2} ${way.y2}`}
        className={style.way}
        data-kind={way.kind}
        data-hot={isHot || undefined}
      />
    )
  }),
}

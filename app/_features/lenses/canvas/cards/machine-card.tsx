import { use } from 'react'
import type { PicturePod } from '../../../../../server/observe/index.ts'
import { Glyph } from '../../../../_ui/glyph.tsx'
import { Icon } from '../../../../_ui/icon.tsx'
import { Shape } from '../../../../_ui/shape.tsx'
import { OpenMachine } from '../../../terminal/open-machine.ts'
import { podRef, podShape, podWord } from '../../picture/pod-state.ts'
import { isSameObject, toggle } from '../../picture/selection.ts'
import { shortName } from '../../picture/short-name.ts'
import type { MachineLayout } from '../picture-layout.ts'
import card from './card.module.css'
import { type CardData, isSelected } from './card-data.ts'
import style from './machine-card.module.css'

export function MachineCard(data: CardData & { machine: MachineLayout }) {
  const { model, machine } = data
  const node = model.nodes.find((one) => one.name === machine.name)
  const pods = model.pods.filter((pod) => pod.node === machine.name)
  const shown = pods.slice(0, pods.length > machine.podRows ? machine.podRows - 1 : undefined)
  const nameRoom = Math.floor((machine.width - (machine.isStacked ? 62 : 120)) / 6.7)
  const ready = node?.ready ? 'Ready' : 'NotReady'
  const isTight = machine.width < 156
  return (
    <div className={style.machine} data-machine={machine.name}>
      <div className={card.head}>
        <Glyph who="node" size={14} />
        <MachineName name={machine.name} />
        <span className={card.state} title={node?.simulated ? 'a simulated machine' : undefined}>
          <Shape state={node?.ready ? 'ok' : 'wait'} size={12} label={isTight ? ready : undefined} />
          {!isTight && ready}
          {node?.simulated && machine.width > 190 && ', simulated'}
        </span>
      </div>
      <div className={style.parts} data-stacked={machine.isStacked || undefined}>
        <Part
          {...data}
          client={`kubelet/${machine.name}`}
          label="kubelet"
          isNarrow={machine.kubelet.width < 88}
          isFlat={machine.isStacked}
        />
        <Part
          {...data}
          client={`kube-proxy/${machine.name}`}
          label="proxy"
          isNarrow={machine.kubelet.width < 88}
          isFlat={machine.isStacked}
        />
      </div>
      <div className={style.pods}>
        {shown.map((pod) => (
          <button
            key={`${pod.namespace}/${pod.name}`}
            type="button"
            className={`${style.pod} nopan`}
            data-ready={pod.ready}
            data-lit={data.lit.has(`${pod.namespace}/${pod.name}`) || undefined}
            aria-pressed={isChosen(data, pod)}
            onClick={() => toggle(data, podRef(pod))}
            data-pod={pod.name}
            title={`${pod.namespace}/${pod.name}: ${pod.status}`}
          >
            <Shape state={podShape(pod)} size={13} />
            <code>{shortName(pod.name, Math.max(7, nameRoom))}</code>
            {/* A narrow card keeps the shape; the word is in the title and in the table. */}
            {!(machine.isStacked && pod.ready) && <span>{podWord(pod)}</span>}
          </button>
        ))}
        {pods.length > shown.length && <div style={{ color: 'var(--ink-2)' }}>+{pods.length - shown.length} Pods</div>}
      </div>
    </div>
  )
}

function isChosen({ selection }: CardData, pod: PicturePod): boolean {
  return selection !== null && 'object' in selection && isSameObject(selection.object, podRef(pod))
}

/** The name opens a shell there, where there is a terminal beside. */
function MachineName({ name }: { name: string }) {
  const openMachine = use(OpenMachine)
  if (!openMachine) return <span className={card.title}>{name}</span>
  return (
    <button
      type="button"
      className={`${card.title} ${style.shell} nopan`}
      title={`Opens a shell on ${name}`}
      aria-label={`Open a shell on ${name}`}
      onClick={() => openMachine(name)}
    >
      {name} <Icon name="prompt" size={12} />
    </button>
  )
}

function Part(data: CardData & { client: string; label: string; isNarrow: boolean; isFlat: boolean }) {
  const { client, label, isNarrow, isFlat, compact, model, select } = data
  const pressed = isSelected(data, client)
  const state = model.client(client)
  return (
    <button
      type="button"
      className={`${style.part} nopan`}
      aria-pressed={pressed}
      title={`Cache at revision ${state.cacheRevision || state.handedRevision}`}
      onClick={() => select(pressed ? null : { client })}
    >
      <span>
        {label === 'proxy' && <Glyph who="net" size={12} />}
        {label}
      </span>
      {!compact && !isFlat && (
        <small>
          {!isNarrow && 'cache '}
          {state.cacheRevision || state.handedRevision || '—'}
        </small>
      )}
    </button>
  )
}

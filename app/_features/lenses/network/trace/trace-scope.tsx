'use client'

// A traced request: hop by hop, each with the kernel's own lines, what became of it, and why.

import { useEffect, useRef } from 'react'
import type { TracedRequest, TraceHop } from '../../../../../server/observe/index.ts'
import { Glyph } from '../../../../_ui/glyph.tsx'
import { Shape } from '../../../../_ui/shape.tsx'
import { InlineCode } from '../../../instructions/inline-code.tsx'
import scope from '../../scope/microscope.module.css'
import { Head, Part } from '../../scope/microscope-part.tsx'
import network from '../network-scope.module.css'
import { KernelLines } from './kernel-lines.tsx'
import style from './trace.module.css'
import { numbered } from './trace-legs.ts'

interface Props {
  traced: TracedRequest
  /** The hop that was chosen in the picture. */
  pointed: number | undefined
  form: React.ReactNode
  close: () => void
}

export function TraceScope({ traced, pointed, form, close }: Props) {
  const { from, to, hops, verdict, unheard } = traced
  return (
    <div className={scope.scope} data-scope="trace" data-verdict={verdict.state}>
      <Head glyph={<Glyph who="net" />} title="Trace" close={close} />
      {form}
      <Part title="What became of it" aside={`${from} to ${to}`}>
        <p className={network.verdict} aria-live="polite">
          <Shape state={verdict.state} size={13} label={verdict.state === 'ok' ? 'answered' : 'not answered'} />
          <span>
            <InlineCode text={verdict.says} />
          </span>
        </p>
        {verdict.why && (
          <p className={style.why}>
            <InlineCode text={verdict.why} />
          </p>
        )}
        <KernelLines lines={verdict.lines} />
      </Part>
      <Part title="Path" aside={`${hops.length} ${hops.length === 1 ? 'hop' : 'hops'}`}>
        <ol className={`${network.hops} ${style.hops}`}>
          {numbered(traced).map(({ number, hop }) => (
            <Hop key={number} number={number} hop={hop} isPointed={pointed === number} />
          ))}
        </ol>
      </Part>
      {unheard.length > 0 && (
        <Part title="Not heard">
          {unheard.map(({ machine, why }) => (
            <p key={machine} className="quiet">
              {machine}: {why}. What the packet met there is not known.
            </p>
          ))}
        </Part>
      )}
    </div>
  )
}

function Hop({ number, hop, isPointed }: { number: number; hop: TraceHop; isPointed: boolean }) {
  const ref = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (isPointed) ref.current?.scrollIntoView({ block: 'nearest' })
  }, [isPointed])
  return (
    <li ref={ref} data-state={hop.state} data-hop={hop.kind} data-pointed={isPointed || undefined}>
      <i>{number}</i>
      <b>{hop.title}</b>
      <span className="quiet">{hop.where}</span>
      <p>
        <InlineCode text={hop.says} />
      </p>
      {hop.choice && <Choice choice={hop.choice} />}
      <KernelLines lines={hop.lines} isOpen={isPointed} />
    </li>
  )
}

function Choice({ choice }: { choice: NonNullable<TraceHop['choice']> }) {
  return (
    <ul className={style.choice}>
      {choice.map(({ words, isTaken, end }) => (
        <li key={words} data-met={isTaken || undefined}>
          <code>{words}</code>
          <span>{end}</span>
        </li>
      ))}
    </ul>
  )
}

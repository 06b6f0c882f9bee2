'use client'

// A traced request: hop by hop, each with the kernel's own lines, what became of it, and why.

import type { TracedRequest } from '../../../../../server/observe/index.ts'
import { Glyph } from '../../../../_ui/glyph.tsx'
import { Shape } from '../../../../_ui/shape.tsx'
import { InlineCode } from '../../../instructions/inline-code.tsx'
import scope from '../../scope/microscope.module.css'
import { Head, Part } from '../../scope/microscope-part.tsx'
import network from '../network.module.css'
import style from './trace.module.css'

export function TraceScope(props: { traced: TracedRequest; form: React.ReactNode; close: () => void }) {
  const { traced, form, close } = props
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
        <Lines lines={verdict.lines} />
      </Part>
      <Part title="Path" aside={`${hops.length} ${hops.length === 1 ? 'hop' : 'hops'}`}>
        <ol className={`${network.hops} ${style.hops}`}>
          {hops.map((hop, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: hops of one trace are told by their place
            <li key={index} data-state={hop.state}>
              <i>{index + 1}</i>
              <b>{hop.title}</b>
              <span className="quiet">{hop.where}</span>
              <p>
                <InlineCode text={hop.says} />
              </p>
              {hop.choice && <Choice choice={hop.choice} />}
              <Lines lines={hop.lines} />
            </li>
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

/** Folded: who wants them is shown the kernel's own words. */
function Lines({ lines }: { lines: readonly string[] }) {
  if (lines.length === 0) return null
  return (
    <details className={style.lines}>
      <summary>{lines.length === 1 ? 'The line' : `${lines.length} lines`}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reached by the keyboard */}
      <pre tabIndex={0}>{lines.join('\n')}</pre>
    </details>
  )
}

/** Rules are tried one after the other, and the first that fits is taken. */
function Choice({ choice }: { choice: NonNullable<TracedRequest['hops'][number]['choice']> }) {
  const taken = choice.findIndex(({ met }) => met)
  return (
    <ul className={style.choice}>
      {choice.map(({ rule, met }, index) => (
        <li key={rule} data-met={met || undefined}>
          <code>{choiceWords(rule)}</code>
          <span>{met ? 'taken' : index < taken ? 'passed over' : 'not reached'}</span>
        </li>
      ))}
    </ul>
  )
}

/** Its chance and whom it leads to, as kube-proxy notes them. */
function choiceWords(rule: string): string {
  const [, to] = /--comment "[^"]* -> ([^"]+)"/.exec(rule) ?? []
  if (!to) return rule
  const [, chance] = /--probability ([\d.]+)/.exec(rule) ?? []
  return `${chance ? `1 in ${Math.round(1 / Number(chance))}` : 'else'} → ${to}`
}

'use client'

// The text twin: the Pods that were decided on, and of one of them all machines with what every plug-in said.

import { Shape } from '../../../_ui/shape.tsx'
import { InlineCode } from '../../instructions/inline-code.tsx'
import type { LensProps } from '../lens.ts'
import { LensTable, LensTables, RowHead } from '../lens-table.tsx'
import { usePictureVersion } from '../picture/use-picture.ts'
import { outcomeWords } from '../scope/verdict-words.ts'
import { decisionFor, gridOf, insteadWords } from './decision.ts'
import { podRefOf, whereTo } from './decision-words.ts'
import { useWeights } from './weights-store.ts'

export function SchedulerTable(props: LensProps) {
  const { store, selection, select } = props
  usePictureVersion(store)
  const { factors } = useWeights(props)
  const decision = decisionFor(store.model, selection)
  const grid = decision && gridOf(decision, factors)
  return (
    <LensTables of="scheduler" label="The scheduler as a table">
      {decision && grid && (
        <LensTable
          caption={
            <>
              <code>{decision.pod}</code> {outcomeWords(decision)} {insteadWords(grid, factors)}
            </>
          }
          columns={['Machine', 'Sum', 'Why not', ...grid.plugins]}
        >
          {grid.columns.map(({ node, sum, failed, counts, isChosen }) => (
            <tr key={node} aria-current={isChosen || undefined}>
              <th scope="row">
                {isChosen && <Shape state="ok" size={12} label="chosen" />} {node}
              </th>
              <td className="mono">{sum ?? '—'}</td>
              <td>{failed ? `${failed.reason} (${failed.plugin})` : ''}</td>
              {grid.plugins.map((plugin) => (
                <td key={plugin} className="mono">
                  {counts.get(plugin) ?? '—'}
                </td>
              ))}
            </tr>
          ))}
        </LensTable>
      )}
      <LensTable
        caption="Pods that the scheduler decided on, newest first"
        columns={['Pod', 'Machine', 'Said']}
        none={<InlineCode text="None since you look. Make one: `kubectl run web --image=nginx`." />}
      >
        {store.model.verdicts.map((verdict) => (
          <tr key={verdict.pod} aria-current={verdict === decision || undefined}>
            <RowHead onPick={() => select({ object: podRefOf(verdict) })}>{verdict.pod}</RowHead>
            <td>{whereTo(verdict)}</td>
            <td>{outcomeWords(verdict)}</td>
          </tr>
        ))}
      </LensTable>
    </LensTables>
  )
}

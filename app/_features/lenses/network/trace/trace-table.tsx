import type { TracedRequest } from '../../../../../server/observe/index.ts'
import { InlineCode } from '../../../instructions/inline-code.tsx'
import { LensTable } from '../../lens-table.tsx'
import { numbered } from './trace-legs.ts'

/** The text twin of a traced request. */
export function TraceTable({ traced }: { traced: TracedRequest }) {
  const { from, to, verdict } = traced
  return (
    <LensTable
      caption={
        <>
          Traced, {from} to {to}: <InlineCode text={`${verdict.says} ${verdict.why}`.trim()} />
        </>
      }
      columns={['Hop', 'Where', 'What it met', 'Says', 'Lets it through']}
      isWhole
    >
      {numbered(traced).map(({ number, hop }) => (
        <tr key={number}>
          <th scope="row">{number}</th>
          <td>{hop.where}</td>
          <td>{hop.title}</td>
          <td>
            <InlineCode text={hop.says} />
          </td>
          <td>{hop.state === 'ok' ? 'yes' : 'no'}</td>
        </tr>
      ))}
    </LensTable>
  )
}

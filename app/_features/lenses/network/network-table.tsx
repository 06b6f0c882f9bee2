'use client'

// The text twin: Services and why they reach nobody, every connection that is kept, and what is heard of the machines.

import { InlineCode } from '../../instructions/inline-code.tsx'
import type { LensProps } from '../lens.ts'
import { LensTable, LensTables, RowHead } from '../lens-table.tsx'
import { toggle } from '../picture/selection.ts'
import { useNewest } from '../use-newest.ts'
import { endWords, timeWords } from './connection-words.ts'
import { serviceRef } from './network-cards.tsx'
import { addressOf, placeName } from './network-model.ts'
import { TraceTable } from './trace/trace-table.tsx'
import { useTrace } from './trace/use-trace.ts'
import { useNetwork } from './use-network.ts'

const hears = { listening: 'heard', connecting: 'not heard yet', simulated: 'simulated' }

export function NetworkTable(props: LensProps) {
  const network = useNetwork(props)
  const { traced } = useTrace(props)
  const { services, connections, machines, hidden } = network.model
  const { rows, older } = useNewest((most) => connections.slice(-most).reverse())
  return (
    <LensTables of="network" label="The network as a table">
      {traced && network.model.until === undefined && <TraceTable traced={traced} />}
      <LensTable caption="Services" columns={['Name', 'Address', 'Selects', 'Endpoints', 'Reaches']} isWhole>
        {services.map(({ namespace, name, clusterIPs, ports, selector, endpoints, path }) => (
          <tr key={`${namespace}/${name}`}>
            <RowHead onPick={() => toggle(props, serviceRef({ namespace, name }))}>
              {namespace}/{name}
            </RowHead>
            <td className="mono">
              {clusterIPs.join(' ') || 'none'}
              {ports.map(({ port, nodePort }) => ` :${port}${nodePort ? `, node port ${nodePort}` : ''}`).join(' ')}
            </td>
            <td className="mono">{selector}</td>
            <td>
              {endpoints
                .map(({ pod, address, ready }) => `${pod?.name ?? address}${ready ? '' : ' (not ready)'}`)
                .join(', ')}
            </td>
            <td>{path.nobody ? <InlineCode text={`Nobody. ${path.nobody}`} /> : 'somebody'}</td>
          </tr>
        ))}
      </LensTable>
      <LensTable
        caption={
          <>
            Connections, newest first{hidden > 0 && `; ${hidden} probes, lookups and calls of the machines are hidden`}
          </>
        }
        columns={['Time', 'From', 'Called', 'Chosen', 'Seen by', 'End']}
        none={network.model.none}
        older={older}
        isWhole
      >
        {rows.map((connection) => (
          <tr key={connection.id} aria-current={network.chosen === connection.id || undefined}>
            <RowHead
              onPick={() => {
                props.select(null)
                network.choose(connection.id)
                props.lookCloser?.()
              }}
            >
              {timeWords(connection.at)}
            </RowHead>
            <td>
              {placeName(connection.from)} <code>{addressOf(connection.from)}</code>
            </td>
            <td>
              {connection.asked.service?.name} <code>{addressOf(connection.asked)}</code>
            </td>
            <td>
              {placeName(connection.endpoint)} <code>{addressOf(connection.endpoint)}</code>
            </td>
            <td>{connection.machines.join(', ')}</td>
            <td>{connection.end ? endWords(connection) : 'begun'}</td>
          </tr>
        ))}
      </LensTable>
      <LensTable caption="Machines" columns={['Name', 'Address', 'Range of its Pods', 'Its kernel']} isWhole>
        {machines.map(({ name, address, podCidrs, state, why }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className="mono">{address}</td>
            <td className="mono">{podCidrs.join(' ')}</td>
            <td>
              {state === 'connecting' && network.model.until !== undefined ? 'not heard then' : hears[state]}
              {why && `: ${why}`}
            </td>
          </tr>
        ))}
      </LensTable>
    </LensTables>
  )
}

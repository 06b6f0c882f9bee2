'use client'

// The text twin: Services and why they reach nobody, every connection that is kept, and what is heard of the machines.

import { InlineCode } from '../../instructions/inline-code.tsx'
import type { LensProps } from '../lens.ts'
import style from '../table.module.css'
import { endWords, timeWords } from './connection-words.ts'
import own from './network.module.css'
import { addressOf, placeName } from './network-model.ts'
import { useNetwork } from './use-network.ts'

const mostRows = 200
const hears = { listening: 'heard', connecting: 'not heard yet', simulated: 'simulated' }

export function NetworkTable(props: LensProps) {
  const network = useNetwork(props)
  const { services, connections, machines, hidden } = network.model
  const rows = connections.slice(-mostRows).reverse()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section className={style.scroll} aria-label="The network as a table" tabIndex={0} data-network-table="">
      <table className={`${style.table} ${own.whole}`}>
        <caption>Services</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Address</th>
            <th scope="col">Selects</th>
            <th scope="col">Endpoints</th>
            <th scope="col">Reaches</th>
          </tr>
        </thead>
        <tbody>
          {services.map(({ namespace, name, clusterIP, ports, selector, endpoints, path }) => (
            <tr key={`${namespace}/${name}`}>
              <th scope="row">
                {namespace}/{name}
              </th>
              <td className="mono">
                {clusterIP || 'none'}
                {ports.map(({ port, nodePort }) => `:${port}${nodePort ? `, node port ${nodePort}` : ''}`).join(' ')}
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
        </tbody>
      </table>
      <table className={`${style.table} ${own.whole}`}>
        <caption>
          Connections, newest first{hidden > 0 && `; ${hidden} probes, lookups and calls of the machines are hidden`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">From</th>
            <th scope="col">Called</th>
            <th scope="col">Chosen</th>
            <th scope="col">Seen by</th>
            <th scope="col">End</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((connection) => (
            <tr key={connection.id} aria-current={network.chosen === connection.id || undefined}>
              <th scope="row">
                <button
                  type="button"
                  className={style.pick}
                  onClick={() => {
                    props.select(null)
                    network.choose(connection.id)
                  }}
                >
                  {timeWords(connection.at)}
                </button>
              </th>
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
          {rows.length === 0 && (
            <tr>
              <td colSpan={6}>None since you look.</td>
            </tr>
          )}
        </tbody>
      </table>
      <table className={`${style.table} ${own.whole}`}>
        <caption>Machines</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Address</th>
            <th scope="col">Range of its Pods</th>
            <th scope="col">Its kernel</th>
          </tr>
        </thead>
        <tbody>
          {machines.map(({ name, address, podCidr, state, why }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="mono">{address}</td>
              <td className="mono">{podCidr}</td>
              <td>
                {hears[state]}
                {why && `: ${why}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

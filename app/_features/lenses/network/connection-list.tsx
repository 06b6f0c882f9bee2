'use client'

// Connections, newest first: who called whom, and how it ended.

import type { SeenConnection } from '../../../../server/observe/index.ts'
import { InlineCode } from '../../instructions/inline-code.tsx'
import { shortName } from '../picture/short-name.ts'
import scope from '../scope/microscope.module.css'
import { endWord } from './connection-words.ts'
import { placeName } from './network-model.ts'
import style from './network-scope.module.css'

const mostListed = 20

export function Connections(props: {
  connections: readonly SeenConnection[]
  choose: (id: number) => void
  none: string
}) {
  const { connections, choose, none } = props
  if (connections.length === 0) {
    return (
      <p className="quiet">
        <InlineCode text={none} />
      </p>
    )
  }
  return (
    <ol className={style.list}>
      {connections
        .slice(-mostListed)
        .reverse()
        .map((connection) => (
          <li key={connection.id}>
            <button type="button" className={scope.link} onClick={() => choose(connection.id)}>
              <code>{wayWords(connection)}</code>
            </button>
            <span data-end={connection.end?.how}>{endWord(connection)}</span>
          </li>
        ))}
    </ol>
  )
}

function wayWords({ from, asked, endpoint }: SeenConnection): string {
  const [caller, answerer] = [placeName(from), placeName(endpoint)].map((name) => shortName(name, 14))
  return asked.service && placeName(endpoint) !== placeName({ ...endpoint, service: asked.service })
    ? `${caller} → ${asked.service.name} → ${answerer}`
    : `${caller} → ${answerer}`
}

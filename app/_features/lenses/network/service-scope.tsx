'use client'

// One Service: what the cluster asks of it, in order; why it reaches nobody, or whom its last connections reached.

import type { NetworkService } from '../../../../server/observe/index.ts'
import { Button } from '../../../_ui/button.tsx'
import { Glyph } from '../../../_ui/glyph.tsx'
import { Shape } from '../../../_ui/shape.tsx'
import { InlineCode } from '../../instructions/inline-code.tsx'
import { shortName } from '../picture/short-name.ts'
import scope from '../scope/microscope.module.css'
import { Head, Part } from '../scope/microscope-part.tsx'
import { Connections } from './connection-list.tsx'
import { difference } from './connection-words.ts'
import { choices } from './network-model.ts'
import style from './network-scope.module.css'
import type { NetworkStore } from './network-store.ts'

export function ScopeOfService(props: {
  service: NetworkService
  network: NetworkStore
  choose: (id: number) => void
  /** Absent where none can be traced. */
  traceTo?: () => void
  close: () => void
}) {
  const { service, network, choose, traceTo, close } = props
  const { model } = network
  const { path } = service
  const own = network.model.connections.filter(
    ({ asked }) => asked.service?.name === service.name && asked.service.namespace === service.namespace,
  )
  const chosen = choices(service, own)
  const most = Math.max(1, ...chosen.map(({ count }) => count))
  return (
    <div className={scope.scope} data-scope={`services/${service.name}`}>
      <Head
        glyph={path.nobody ? <Shape state="fail" /> : <Glyph who="net" />}
        title={path.nobody ? 'Reaches nobody' : service.name}
        close={close}
      />
      <p className={scope.aside}>
        Service {path.nobody && `${service.name} `}in {service.namespace}, {service.type}.{' '}
        {service.clusterIPs.length > 0 && 'An address no machine owns. It exists only as rules on every node.'}
      </p>
      <Part title={path.nobody ? 'Why, in the order the cluster asks' : 'What the cluster asks, in order'}>
        <ul className={style.path}>
          {path.steps.map(({ asks, state, says }) => (
            <li key={asks} data-state={state}>
              <Shape state={state} size={14} label={state} />
              <b>{asks}</b>
              <p>
                <InlineCode text={says} />
              </p>
            </li>
          ))}
        </ul>
        {path.nobody && !path.steps.some(({ state }) => state === 'fail') && <p>{path.nobody}</p>}
      </Part>
      {path.nearest.map(({ selects, pods, have }) => (
        <Part key={selects} title="The nearest label">
          <dl className={style.nearest}>
            <dt>Service selects</dt>
            <dd>
              <Differing text={selects} from={have} />
            </dd>
            <dt>{pods === 1 ? '1 Pod has' : `${pods} Pods have`}</dt>
            <dd>
              <Differing text={have} from={selects} />
            </dd>
          </dl>
        </Part>
      ))}
      {path.nobody && (
        <Part title="What a call gets" aside={own.length > 0 ? `${own.length} seen` : ''}>
          <p className="quiet">A rule on the caller’s own machine refuses it before there is a connection.</p>
          {own.length > 0 && <Connections connections={own} choose={choose} none="" />}
        </Part>
      )}
      {traceTo && (
        <div className={scope.control}>
          <Button small onClick={traceTo}>
            Trace a request to it
          </Button>
        </div>
      )}
      {!path.nobody && (
        <Part title={`Last ${own.length} connections`}>
          <ul className={style.bars}>
            {chosen.map(({ name, count }) => (
              <li key={name} data-chosen-endpoint={name}>
                <code title={name}>{shortName(name, 14)}</code>
                <i style={{ width: `${(count / most) * 100}%` }} />
                <b>{count}</b>
              </li>
            ))}
          </ul>
          <Connections connections={own} choose={choose} none={model.none} />
        </Part>
      )}
    </div>
  )
}

function Differing({ text, from }: { text: string; from: string }) {
  const { before, differs, after } = difference(text, from)
  return (
    <code className={style.large}>
      {before}
      {differs && <mark>{differs}</mark>}
      {after}
    </code>
  )
}

'use client'

// One connection hop by hop; one Service and whether somebody answers for it; one Pod and whom it talks to; or all of it.

import type { NetworkService, SeenConnection } from '../../../../server/observe/index.ts'
import { Glyph } from '../../../_ui/glyph.tsx'
import { Shape } from '../../../_ui/shape.tsx'
import { InlineCode } from '../../instructions/inline-code.tsx'
import type { LensProps } from '../lens.ts'
import { shortName } from '../picture/short-name.ts'
import scope from '../scope/microscope.module.css'
import { Microscope } from '../scope/microscope.tsx'
import { Head, Part } from '../scope/microscope-part.tsx'
import { difference, endWord, endWords, hopsOf, timeWords } from './connection-words.ts'
import style from './network.module.css'
import { choices, placeKey, placeName } from './network-model.ts'
import type { NetworkStore } from './network-store.ts'
import { useNetwork } from './use-network.ts'

const mostListed = 20

export function NetworkScope(props: LensProps) {
  const network = useNetwork(props)
  const { selection, select } = props
  const { model, chosen } = network
  const choose = (id: number | undefined) => {
    select(null)
    network.choose(id)
  }
  if (!selection) {
    const connection = chosen === undefined ? undefined : model.connection(chosen)
    if (connection) return <ScopeOfConnection connection={connection} close={() => choose(undefined)} />
    return <Overview network={network} choose={choose} />
  }
  if (!('object' in selection)) return <Microscope {...props} />
  const { resource, namespace, name } = selection.object
  const service = resource === 'services' ? model.service(namespace, name) : undefined
  if (service) {
    return <ScopeOfService service={service} network={network} choose={choose} close={() => select(null)} />
  }
  const pod = resource === 'pods' ? model.pod(namespace, name) : undefined
  if (!pod) return <Microscope {...props} />
  const key = `pod ${namespace}/${name}`
  const own = model.connections.filter(({ from, endpoint }) =>
    [from, endpoint].some((place) => placeKey(place) === key),
  )
  return (
    <div className={scope.scope} data-scope={`pods/${name}`}>
      <Head title={name} close={() => select(null)} />
      <p className={scope.aside}>
        Pod in {namespace}, on {pod.machine || 'no machine yet'},{' '}
        {pod.onHost ? 'with the address of the machine' : <code>{pod.ip || 'no address yet'}</code>}
      </p>
      <Part title="Its connections" aside={`${own.length}`}>
        <Connections connections={own} choose={choose} none={model.none} />
      </Part>
    </div>
  )
}

function ScopeOfConnection({ connection, close }: { connection: SeenConnection; close: () => void }) {
  const { end } = connection
  return (
    <div className={scope.scope} data-scope={`connection ${connection.id}`}>
      <Head glyph={<Glyph who="net" />} title="One connection" close={close} />
      <Part title="Path" aside={timeWords(connection.at)}>
        <ol className={style.hops}>
          {hopsOf(connection).map(({ title, where, says }, index) => (
            <li key={title}>
              <i>{index + 1}</i>
              <b>{title}</b>
              <span className="quiet">{where}</span>
              <p>
                <InlineCode text={says} />
              </p>
            </li>
          ))}
        </ol>
      </Part>
      <Part title="How it ended">
        <p className={style.verdict}>
          <Shape state={!end ? 'idle' : end.how === 'closed' ? 'ok' : 'fail'} size={13} /> {endWords(connection)}
        </p>
      </Part>
      <Part title="Seen by">
        <p className="quiet">
          The kernel of {connection.machines.join(' and of ')}: one line of conntrack each holds both ends of the path.
          Single packets are not traced.
        </p>
      </Part>
    </div>
  )
}

function ScopeOfService(props: {
  service: NetworkService
  network: NetworkStore
  choose: (id: number) => void
  close: () => void
}) {
  const { service, network, choose, close } = props
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
        {service.clusterIP && 'An address no machine owns. It exists only as rules on every node.'}
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
        <Part title="What a call gets">
          <p className="quiet">
            A rule on the caller’s own machine refuses it before there is a connection, so none is listed here.
          </p>
        </Part>
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

function Connections(props: { connections: readonly SeenConnection[]; choose: (id: number) => void; none: string }) {
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

function Overview({ network, choose }: { network: NetworkStore; choose: (id: number) => void }) {
  const { connections, machines, lost, hidden, none, until } = network.model
  const isSimulated = machines.length > 0 && machines.every(({ state }) => state === 'simulated')
  return (
    <div className={scope.scope} data-scope="network">
      {isSimulated ? (
        <Part title="No packets here">
          <p className={scope.say}>
            Your machines are simulated: no container runs on them, and no packet flows. Services and whom they select
            are real; choose one to see whether it reaches somebody.
          </p>
        </Part>
      ) : (
        <Part title="Connections" aside={hidden > 0 ? `${hidden} probes and lookups hidden` : ''}>
          <Connections
            connections={connections}
            choose={choose}
            none={until === undefined ? `${none} Call something: \`kubectl exec client -- curl hello\`.` : none}
          />
        </Part>
      )}
      {machines.some(({ state }) => state === 'connecting') && (
        <Part title="Not heard yet">
          {machines.map(
            ({ name, state, why }) =>
              state === 'connecting' && (
                <p key={name} className="quiet">
                  {name}
                  {why && `: ${why}`}
                </p>
              ),
          )}
        </Part>
      )}
      {lost.length > 0 && (
        <Part title="Not told">
          {lost.map(({ machine, why, times, connections }) => (
            <p key={`${machine} ${why}`} className="quiet">
              {machine}: {why}
              {connections > 0 ? `, ${connections} events` : times > 1 && `, ${times} times`}.
            </p>
          ))}
        </Part>
      )}
      <Part title="How to read the picture">
        <p className={scope.say}>
          A line is a way that connections took: from a Pod, through the Service it called, to the Pod that was chosen.
          A dot is one that begins now. The choice is made once for each connection, by a rule on the caller’s machine.
        </p>
        {!isSimulated && <p className="quiet">Seen by the kernels of your machines, with conntrack, while you look.</p>}
      </Part>
    </div>
  )
}

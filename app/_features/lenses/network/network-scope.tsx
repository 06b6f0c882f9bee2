'use client'

// One connection hop by hop; one Service and whether somebody answers for it; one Pod and whom it talks to; or all of it.

import type { SeenConnection } from '../../../../server/observe/index.ts'
import { Glyph } from '../../../_ui/glyph.tsx'
import { Shape } from '../../../_ui/shape.tsx'
import { InlineCode } from '../../instructions/inline-code.tsx'
import type { LensProps } from '../lens.ts'
import scope from '../scope/microscope.module.css'
import { Microscope } from '../scope/microscope.tsx'
import { Head, Part } from '../scope/microscope-part.tsx'
import { Connections } from './connection-list.tsx'
import { endWords, hopsOf, timeWords } from './connection-words.ts'
import { placeKey } from './network-model.ts'
import style from './network-scope.module.css'
import type { NetworkStore } from './network-store.ts'
import { ScopeOfService } from './service-scope.tsx'
import { KernelLines } from './trace/kernel-lines.tsx'
import { targetOf } from './trace/trace-choices.ts'
import { TraceForm } from './trace/trace-form.tsx'
import { TraceScope } from './trace/trace-scope.tsx'
import { useTrace } from './trace/use-trace.ts'
import { useNetwork } from './use-network.ts'

export function NetworkScope(props: LensProps) {
  const network = useNetwork(props)
  const trace = useTrace(props)
  const { store, selection, select, sessionId, lookCloser } = props
  const { model, chosen } = network
  // By the learner alone, now, and where packets flow.
  const canTrace = store.mayAct && model.machines.some(({ state }) => state !== 'simulated')
  const choose = (id: number | undefined) => {
    select(null)
    network.choose(id)
    lookCloser?.()
  }
  if (!selection) {
    const connection = chosen === undefined ? undefined : model.connection(chosen)
    if (connection) return <ScopeOfConnection connection={connection} close={() => choose(undefined)} />
    const form = canTrace && sessionId && <TraceForm trace={trace} model={model} sessionId={sessionId} />
    if (trace.traced && form) {
      return <TraceScope traced={trace.traced} pointed={trace.pointed} form={form} close={() => trace.forget()} />
    }
    return <Overview network={network} choose={choose} form={form} />
  }
  if (!('object' in selection)) return <Microscope {...props} />
  const { resource, namespace, name } = selection.object
  const service = resource === 'services' ? model.service(namespace, name) : undefined
  if (service) {
    const traceTo = () => {
      trace.forget()
      trace.type({ to: targetOf(service) })
      choose(undefined)
    }
    return (
      <ScopeOfService
        service={service}
        network={network}
        choose={choose}
        {...(canTrace ? { traceTo } : {})}
        close={() => select(null)}
      />
    )
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
        {pod.onHost ? 'with the address of the machine' : <code>{pod.ips.join(' ') || 'no address yet'}</code>}
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
          <Shape state={!end ? 'idle' : end.how === 'closed' ? 'ok' : 'fail'} size={13} />
          <span>
            <InlineCode text={endWords(connection)} />
          </span>
        </p>
        {end?.by && <KernelLines lines={[end.by.rule]} isOpen />}
      </Part>
      <Part title="Seen by">
        {end?.by ? (
          <p className="quiet">
            The kernel of {end.by.machine}, whose rule this is. It tells the addresses as they were when the packet met
            the rule, and who tries again is counted once. A trace shows all rules on the way.
          </p>
        ) : (
          <p className="quiet">
            The kernel of {connection.machines.join(' and of ')}: one line of conntrack each holds both ends of the
            path. A trace shows single rules.
          </p>
        )}
      </Part>
    </div>
  )
}

function Overview(props: { network: NetworkStore; choose: (id: number) => void; form: React.ReactNode }) {
  const { network, choose, form } = props
  const { connections, machines, lost, hidden, none, until } = network.model
  const isSimulated = machines.length > 0 && machines.every(({ state }) => state === 'simulated')
  return (
    <div className={scope.scope} data-scope="network">
      {form && (
        <div className={scope.head}>
          <h2>
            <Glyph who="net" /> Trace a request
          </h2>
        </div>
      )}
      {form}
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
          A dot is one that begins now; a broken line is stopped by a rule before it gets there. The choice is made once
          for each connection, by a rule on the caller’s machine.
        </p>
        {!isSimulated && (
          <p className="quiet">Seen by the kernels of your machines, with conntrack and nft, while you look.</p>
        )}
      </Part>
    </div>
  )
}

'use client'

// "From X to Y": one request that is really made, and followed through every rule on its way.

import { Button } from '../../../../_ui/button.tsx'
import ask from '../../scope/ask-form.module.css'
import type { NetworkModel } from '../network-model.ts'
import { callersOf, targetsFor } from './trace-choices.ts'
import type { TraceStore } from './trace-store.ts'

const protocols = [
  { value: 'tcp', words: 'TCP' },
  { value: 'udp', words: 'UDP' },
] as const

export function TraceForm(props: { trace: TraceStore; model: NetworkModel; sessionId: string }) {
  const { trace, model, sessionId } = props
  const { draft, isUnderWay, problem } = trace
  const callers = callersOf(model)
  const caller = callers.find(({ key }) => key === draft.from) ?? callers[0]
  return (
    <form
      className={ask.form}
      aria-label="Trace a request"
      onSubmit={(event) => {
        event.preventDefault()
        if (caller) void trace.trace(sessionId, { from: caller.from, to: draft.to, protocol: draft.protocol })
      }}
    >
      <label data-wide="">
        <span>from</span>
        <select value={caller?.key ?? ''} onChange={(event) => trace.type({ from: event.currentTarget.value })}>
          {callers.map(({ key, words }) => (
            <option key={key} value={key}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <label data-wide="">
        <span>to</span>
        <input
          value={draft.to}
          placeholder="web, web:8080, pod/web-1"
          required
          maxLength={300}
          list="trace-targets"
          spellCheck={false}
          autoCapitalize="none"
          autoComplete="off"
          onChange={(event) => trace.type({ to: event.currentTarget.value })}
        />
        <datalist id="trace-targets">
          {targetsFor(caller, model).map((target) => (
            <option key={target} value={target} />
          ))}
        </datalist>
      </label>
      <label>
        <span>by</span>
        <select
          value={draft.protocol}
          onChange={(event) => trace.type({ protocol: event.currentTarget.value === 'udp' ? 'udp' : 'tcp' })}
        >
          {protocols.map(({ value, words }) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <Button look="go" type="submit" small disabled={isUnderWay || !caller}>
        {isUnderWay ? 'On its way' : 'Trace'}
      </Button>
      {problem && <p role="alert">{problem}</p>}
    </form>
  )
}

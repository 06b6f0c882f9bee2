'use client'

import type { LensProps } from '../lens.ts'
import style from './objects.module.css'
import { useObjects } from './use-objects.ts'

/** A selector to type, and the namespace it is asked in. */
export function ObjectsBar(props: LensProps) {
  const objects = useObjects(props)
  const { model, namespace, selector, matched, problem } = objects
  const namespaces = model.namespaces.length > 0 ? model.namespaces.sort() : [namespace]
  const { mayAsk } = objects
  const answer = problem || `${matched.size} ${matched.size === 1 ? 'object' : 'objects'}`
  return (
    <>
      <label className={style.ask}>
        <span className={style.word}>Selector</span>
        <input
          aria-label="Selector"
          value={selector}
          placeholder={mayAsk ? 'selector: app=web' : 'asked of now only'}
          disabled={!mayAsk}
          spellCheck={false}
          autoCapitalize="none"
          autoComplete="off"
          aria-invalid={problem !== ''}
          aria-describedby="objects-selector-answer"
          onChange={(event) => objects.setSelector(event.currentTarget.value)}
        />
      </label>
      <output
        id="objects-selector-answer"
        className={style.answer}
        data-problem={problem !== '' || undefined}
        title={answer}
      >
        {selector.trim() === '' || !mayAsk ? '' : answer}
      </output>
      <label className={style.ask}>
        <span className={style.word}>in</span>
        <select
          aria-label="Namespace"
          value={namespace}
          onChange={(event) => objects.setNamespace(event.currentTarget.value)}
        >
          {namespaces.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
    </>
  )
}

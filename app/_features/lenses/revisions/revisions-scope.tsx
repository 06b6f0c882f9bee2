'use client'

// One object through time: every version the store still has, what changed in each and who wrote it; and, where a writer
// was refused, what both of them wanted.

import { useState } from 'react'
import { Button } from '../../../_ui/button.tsx'
import { Glyph } from '../../../_ui/glyph.tsx'
import { Shape } from '../../../_ui/shape.tsx'
import type { LensProps } from '../lens.ts'
import { focusOf } from '../picture/focus.ts'
import type { PictureModel } from '../picture/picture-model.ts'
import type { Selecting } from '../picture/selection.ts'
import { usePictureVersion } from '../picture/use-picture.ts'
import scope from '../scope/microscope.module.css'
import { Head, Part } from '../scope/microscope-part.tsx'
import { compared, outcome, shapeOf } from './attempt-words.ts'
import { type Attempt, attemptsOf } from './attempts.ts'
import { changesBetween } from './field-diff.ts'
import { fieldOwners } from './field-owners.ts'
import style from './revisions.module.css'
import { TwoWriters } from './two-writers.tsx'
import { useVersions, type Version, type Versions } from './use-versions.ts'

export function RevisionsScope(props: LensProps) {
  const { store, selection, select } = props
  usePictureVersion(store)
  const { model } = store
  const object = focusOf(model, selection)
  const known = useVersions(props, object)
  if (!object) {
    return (
      <div className={scope.scope}>
        <Part title="Revisions">
          <p className={scope.say}>
            Every write makes one revision of the whole store, and nothing is changed in place. Write something, or
            choose an object, to see its versions.
          </p>
        </Part>
      </div>
    )
  }
  const attempts = attemptsOf(model, object, 200)
  const seq = selection && 'seq' in selection ? selection.seq : undefined
  const chosen = seq === undefined ? undefined : attempts.find((attempt) => attempt.seq === seq)
  const refused = chosen ?? attempts.at(-1)
  return (
    <div className={scope.scope} data-scope={`versions of ${object.resource}/${object.name}`}>
      <Head glyph={<Glyph who="store" />} title={object.name} close={selection ? () => select(null) : undefined} />
      <p className={scope.aside}>
        <code>
          {object.resource}/{object.name}
        </code>
        {object.namespace && ` in ${object.namespace}`}: {sayVersions(known)}
      </p>
      {chosen && <ChosenAttempt attempt={chosen} model={model} />}
      {refused && !refused.wrote && refused.code === 409 && (
        <TwoWriters attempt={refused} versions={known.versions} model={model} />
      )}
      <Part title="Its versions" aside="newest first">
        {known.problem && <p role="alert">{known.problem}</p>}
        <ol>
          {known.versions.map((version, index) => (
            <VersionRow
              key={version.revision}
              version={version}
              before={known.versions[index + 1]}
              isFirst={known.isWhole && index === known.versions.length - 1}
              model={model}
              select={select}
              isOpen={chosen?.wrote?.revision === version.revision}
            />
          ))}
        </ol>
        {known.versions.length > 0 && !known.isWhole && (
          <p className={style.compacted}>
            {known.compactRevision > 0
              ? `Older versions were compacted: the store has forgotten what was superseded before ${known.compactRevision}.`
              : 'Older versions are there, and not shown.'}
          </p>
        )}
      </Part>
      {known.versions[0] && <Owners object={known.versions[0].object} />}
    </div>
  )
}

const mostFields = 5

function Owners({ object }: { object: object }) {
  const owners = fieldOwners(object)
  if (owners.length === 0) return null
  return (
    <Part title="Who owns which field">
      <dl className={style.owners}>
        {owners.map(({ manager, fields }) => (
          <div key={manager}>
            <dt>{manager}</dt>
            <dd>
              {fields.slice(0, mostFields).map((field) => (
                <code key={field} className={style.field}>
                  {field}
                </code>
              ))}
              {fields.length > mostFields && <span className="quiet">and {fields.length - mostFields} more</span>}
            </dd>
          </div>
        ))}
      </dl>
    </Part>
  )
}

function sayVersions({ versions, isWhole }: Versions): string {
  const count = versions.length === 1 ? '1 version' : `${versions.length} versions`
  return isWhole ? `${count} since it was created` : count
}

function ChosenAttempt({ attempt, model }: { attempt: Attempt; model: PictureModel }) {
  return (
    <Part title={attempt.method} aside={`by ${model.place(attempt.client).label}`}>
      <p className={scope.say}>
        <Shape state={shapeOf(attempt)} size={12} /> <code>{compared(attempt)}</code>, {outcome(attempt)}.{' '}
        {attempt.meantFor === undefined && attempt.wrote?.operation === 'update'
          ? 'It named no resourceVersion: it would have changed any version.'
          : ''}
      </p>
    </Part>
  )
}

const mostChanges = 3

function VersionRow(props: {
  version: Version
  before: Version | undefined
  isFirst: boolean
  model: PictureModel
  select: Selecting['select']
  isOpen: boolean
}) {
  const { version, before, isFirst, model, select, isOpen } = props
  const [isWide, setWide] = useState(false)
  const append = model.appendOf(version.revision)
  const changes = before ? changesBetween(before.object, version.object) : []
  const shown = isOpen || isWide ? changes : changes.slice(0, mostChanges)
  return (
    <li className={style.version} aria-current={isOpen || undefined} data-version={version.revision}>
      <div>
        <button
          type="button"
          className={scope.link}
          disabled={!append}
          onClick={() => append && select({ seq: append.seq })}
        >
          <code>{version.revision}</code>
        </button>
        <span className="quiet">
          {isFirst ? 'created' : ''} {append ? `by ${model.place(append.event.client).label}` : ''}
        </span>
      </div>
      {!isFirst && !before && <p className="quiet">What it was before is not known any more.</p>}
      <ul>
        {shown.map(({ path, before: was, after }) => (
          <li key={path}>
            <code>{path}</code>
            {was !== undefined && <del>{was}</del>}
            {after !== undefined && <ins>{after}</ins>}
          </li>
        ))}
      </ul>
      {changes.length > shown.length && (
        <Button small look="quiet" onClick={() => setWide(true)}>
          {changes.length - shown.length} more fields
        </Button>
      )}
    </li>
  )
}

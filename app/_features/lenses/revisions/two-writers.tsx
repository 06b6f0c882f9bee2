import { Shape } from '../../../_ui/shape.tsx'
import type { PictureModel } from '../picture/picture-model.ts'
import { Part } from '../scope/microscope-part.tsx'
import type { Attempt } from './attempts.ts'
import { type ConflictField, changesBetween, conflictOf } from './field-diff.ts'
import style from './revisions.module.css'
import type { Version } from './use-versions.ts'

interface Props {
  attempt: Attempt
  versions: readonly Version[]
  model: PictureModel
}

const mostFields = 14

/** A refused writer beside the one who was quicker: the state both began from, what each made of it. */
export function TwoWriters({ attempt, versions, model }: Props) {
  const { meantFor, found, refused } = attempt
  const base = versions.find(({ revision }) => revision === meantFor)
  const theirs = versions.find(({ revision }) => revision === found)
  const title = `Two writers: ${meantFor} ≠ ${found ?? 'nothing'}`
  if (!base || !theirs || !refused) {
    return (
      <Part title={title}>
        <p>
          {refused
            ? `Version ${base ? found : meantFor} is not in the store any more, so there is nothing to compare with.`
            : 'Nothing was sent but the wish to delete it.'}
        </p>
      </Part>
    )
  }
  const isPatch = attempt.method.startsWith('PATCH')
  const conflict = conflictOf(
    { base: base.object, theirs: theirs.object, yours: refused },
    { isPatch, isStatus: attempt.method.endsWith(' status') },
  )
  const between = versions.filter(({ revision }) => revision >= base.revision && revision <= theirs.revision)
  return (
    <Part title={title}>
      <table className={style.writers}>
        <thead>
          <tr>
            <th scope="col">
              both read <b>{meantFor}</b>
            </th>
            <th scope="col">
              the store has <b>{found}</b>
            </th>
            <th scope="col">
              {model.place(attempt.client).label} sent <b>refused</b>
            </th>
          </tr>
        </thead>
        <tbody>
          {conflict.fields.slice(0, mostFields).map((field) => (
            <FieldRow key={field.path} field={field} writer={writerOf(field.path, between, model)} />
          ))}
        </tbody>
      </table>
      {conflict.fields.length > mostFields && (
        <p className="quiet">and {conflict.fields.length - mostFields} fields more</p>
      )}
      <p className={style.verdict}>
        {conflict.clashing.length > 0 ? (
          <>
            Both changed <code>{conflict.clashing.join(', ')}</code>, each to something else: somebody has to choose.
          </>
        ) : (
          'No field was changed by both. Both edits can survive: read the newest version, edit that, and send it again.'
        )}
      </p>
      {conflict.lost.length > 0 && (
        <p className={style.verdict}>
          <Shape state="fail" size={12} /> <b>A lost update</b>, had it been taken: it would have put{' '}
          <code>{conflict.lost.join(', ')}</code> back, and nobody would have been told. The 409 is there to prevent
          this.
        </p>
      )}
    </Part>
  )
}

function FieldRow({ field, writer }: { field: ConflictField; writer: string }) {
  const { path, base, theirs, yours } = field
  return (
    <>
      <tr>
        <th scope="rowgroup" colSpan={3}>
          <code>{path}</code>
        </th>
      </tr>
      <tr>
        <td>{base ?? '—'}</td>
        <td data-changed={theirs !== base ? 'theirs' : undefined}>
          {theirs ?? '—'}
          {theirs !== base && writer && <small>by {writer}</small>}
        </td>
        <td data-changed={yours !== base ? 'yours' : undefined}>{yours ?? '—'}</td>
      </tr>
    </>
  )
}

/** Who last changed a field, among versions that follow each other, newest first. */
function writerOf(path: string, versions: readonly Version[], model: PictureModel): string {
  const changed = versions.find((version, index) => {
    const before = versions[index + 1]
    return before && changesBetween(before.object, version.object).some((change) => change.path === path)
  })
  const append = changed && model.appendOf(changed.revision)
  return append ? `${model.place(append.event.client).label} at ${append.event.revision}` : ''
}

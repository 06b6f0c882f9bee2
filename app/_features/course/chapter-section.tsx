import Link from 'next/link'
import type { CourseView, LabSummary } from '../../../server/classroom/api/contract.ts'
import { Glyph } from '../../_ui/glyph.tsx'
import { Shape } from '../../_ui/shape.tsx'
import style from './course.module.css'

type Chapter = CourseView['chapters'][number]

/** `isPart`: some of its labs are left out, so it is not told how many are done. */
export function ChapterSection({ chapter, resumeId, isPart }: { chapter: Chapter; resumeId: string; isPart: boolean }) {
  const done = chapter.labs.filter((lab) => lab.state === 'done').length
  const isWhole = done === chapter.labs.length && done > 0
  return (
    <section className={style.chapter} aria-labelledby={`chapter-${chapter.id}`}>
      <header>
        <h2 id={`chapter-${chapter.id}`}>{chapter.title}</h2>
        {!isPart && (
          <p>
            {isWhole && <Shape state="ok" size={12} />} {done} of {chapter.labs.length} done
          </p>
        )}
      </header>
      <ol>
        {chapter.labs.map((lab) => (
          <li key={lab.id}>
            <LabRow lab={lab} isNow={lab.id === resumeId} />
          </li>
        ))}
      </ol>
    </section>
  )
}

function LabRow({ lab, isNow }: { lab: LabSummary; isNow: boolean }) {
  return (
    <Link href={`/labs/${lab.id}`} className={style.lab} data-now={isNow || undefined} data-lab={lab.id}>
      {isNow && lab.state !== 'done' ? (
        <Glyph who="you" />
      ) : (
        <Shape
          state={lab.state === 'done' ? 'ok' : lab.state === 'started' ? 'wait' : 'idle'}
          label={stateWord[lab.state]}
        />
      )}
      <code>{lab.number}</code>
      <span>{lab.title}</span>
      <span>{lab.summary}</span>
      <span>{aside(lab)}</span>
    </Link>
  )
}

const stateWord = { done: 'done', started: 'begun', new: 'not begun' }

function aside(lab: LabSummary): React.ReactNode {
  if (lab.state === 'started')
    return (
      <b>
        Step {lab.step} of {lab.steps}
      </b>
    )
  if (lab.state === 'new') return `${lab.minutes} min`
  if (lab.firstTry) return 'first try'
  if (lab.hintsOpened === 0) return 'without hints'
  return lab.hintsOpened === 1 ? '1 hint' : `${lab.hintsOpened} hints`
}

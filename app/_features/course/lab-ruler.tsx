import Link from 'next/link'
import type { CourseView } from '../../../server/classroom/api/contract.ts'
import style from './course.module.css'

const words = { new: 'not begun', started: 'begun', done: 'done' }

/** Every lab as a square, by chapter: the whole course at a glance. */
export function LabRuler({ chapters, resumeId }: { chapters: CourseView['chapters']; resumeId: string }) {
  // Few labs keep to the left as squares; many share the width, each chapter by its count.
  const isFull = chapters.reduce((sum, chapter) => sum + chapter.labs.length, 0) > 16
  return (
    <nav className={style.ruler} aria-label="All labs">
      {chapters.map((chapter) => (
        <div
          key={chapter.id}
          className={style.stretch}
          data-full={isFull || undefined}
          style={{ flexGrow: isFull ? chapter.labs.length : 0 }}
        >
          <ol>
            {chapter.labs.map((lab) => (
              <li key={lab.id}>
                <Link
                  href={`/labs/${lab.id}`}
                  data-state={lab.state}
                  data-now={lab.id === resumeId || undefined}
                  aria-label={`Lab ${lab.number}, ${lab.title}, ${words[lab.state]}`}
                  title={lab.title}
                >
                  {lab.number}
                </Link>
              </li>
            ))}
          </ol>
          <span>{chapter.title}</span>
        </div>
      ))}
    </nav>
  )
}

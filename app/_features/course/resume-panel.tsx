import Link from 'next/link'
import type { CourseView } from '../../../server/classroom/api/contract.ts'
import { Icon } from '../../_ui/icon.tsx'
import style from './course.module.css'

/** The one thing to do next. Stands at once; its words come with the data. */
export function ResumePanel({ resume, then }: { resume: CourseView['resume'] | undefined; then: CourseView['then'] }) {
  return (
    <section className={style.hero} aria-labelledby="resume-title">
      <div>
        <p className={style.when}>{resume?.when ?? ' '}</p>
        <h1 id="resume-title">{resume?.title ?? '—'}</h1>
        <p className={style.lead}>{resume?.lead ?? ' '}</p>
        <Link
          href={resume ? `/labs/${resume.labId}` : '/'}
          className={style.resume}
          aria-disabled={!resume}
          data-resume={resume?.labId}
        >
          {resume?.started ? 'Resume' : 'Start'} <Icon name="next" size={22} />
        </Link>
        {resume?.asleep && (
          <p className={style.asleep}>Your cluster sleeps, with all that is in it. It wakes in about two seconds.</p>
        )}
      </div>
      {then.length > 0 && (
        <div className={style.then}>
          <h2>Then</h2>
          <ul>
            {then.map((lab) => (
              <li key={lab.labId}>
                <Link href={`/labs/${lab.labId}`}>
                  <b>{lab.title}</b>
                  <span>
                    {lab.summary.replace(/\.?$/, '.')} {lab.minutes} min
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  )
}
